import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openVolumeRepository } from '@lifeboat/data-mover';
import {
  listSnapshots,
  veleroRepositoryState,
  type SnapshotManifest,
} from '@lifeboat/kopia';
import type {
  Backup,
  BackupVolumeInfo,
  DataUpload,
  PodVolumeBackup,
} from '@lifeboat/velero-api';
import { readTarball } from '../engine/readTarball';

interface Item {
  metadata: {
    name: string;
    namespace?: string;
    annotations?: { [key: string]: string };
    labels?: { [key: string]: string };
  };
  [field: string]: any;
}

const requiredFiles = [
  'volumeinfo.json.gz',
  'podvolumebackups.json.gz',
  'volumesnapshots.json.gz',
  'itemoperations.json.gz',
  'resource-list.json.gz',
  'results.gz',
  'logs.gz',
];

/** A backup as a foreign reader finds it in a folder that has the layout of the bucket. */
export class StoredBackup {
  private constructor(
    private readonly storage: string,
    readonly name: string,
    private readonly entries: { name: string; text: string }[],
  ) {}

  static async read(storage: string, name: string): Promise<StoredBackup> {
    const tarball = path.join(storage, 'backups', name, `${name}.tar.gz`);
    return new StoredBackup(storage, name, await readTarball(tarball));
  }

  get metadata(): Backup {
    return JSON.parse(
      readFileSync(
        path.join(this.storage, 'backups', this.name, 'velero-backup.json'),
        'utf8',
      ),
    );
  }

  /** Names of the files that a reader asks for and does not find. */
  missingFiles(): string[] {
    const there = readdirSync(path.join(this.storage, 'backups', this.name));
    return requiredFiles
      .map(file => `${this.name}-${file}`)
      .filter(file => !there.includes(file));
  }

  file<T>(file: string): T {
    const bytes = readFileSync(
      path.join(this.storage, 'backups', this.name, `${this.name}-${file}`),
    );
    return JSON.parse(gunzipSync(bytes).toString('utf8'));
  }

  get volumes(): BackupVolumeInfo[] {
    return this.file('volumeinfo.json.gz');
  }

  get podVolumeBackups(): PodVolumeBackup[] {
    return this.file('podvolumebackups.json.gz');
  }

  get names(): string[] {
    return this.entries.map(({ name }) => name);
  }

  /** Objects of a type in the tarball, without the copies by version. */
  items<T = Item>(groupResource: string): T[] {
    return this.entries
      .filter(({ name }) =>
        new RegExp(
          `^resources/${groupResource.replaceAll(
            '.',
            '\\.',
          )}/(cluster|namespaces/[^/]+)/[^/]+\\.json$`,
        ).test(name),
      )
      .map(({ text }) => JSON.parse(text) as T);
  }

  /** DataUploads, wherever the control namespace is. */
  get dataUploads(): DataUpload[] {
    return this.items<DataUpload>('datauploads.velero.io');
  }
}

/** The snapshots in the repository of a namespace, and whether Velero accepts it. */
export async function storedRepository(
  storage: string,
  volumeNamespace: string,
  password: string,
): Promise<{
  snapshots: SnapshotManifest[];
  state: 'ready' | 'not-initialized' | 'foreign';
}> {
  const opened = await openVolumeRepository({
    location: {
      spec: {
        provider: 'lifeboat.dev/filesystem',
        config: { path: storage },
        objectStorage: { bucket: 'folder' },
      },
    },
    password,
    volumeNamespace,
    workers: 0,
    readOnly: true,
  });
  try {
    return {
      snapshots: listSnapshots(opened.repository),
      state: await veleroRepositoryState(opened.repository),
    };
  } finally {
    await opened.close();
  }
}
