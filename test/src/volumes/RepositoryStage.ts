import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import { openVolumeRepository } from '@lifeboat/data-mover';
import {
  listSnapshots,
  uploadTree,
  veleroSnapshot,
  type Repository,
  type VeleroSnapshotOptions,
} from '@lifeboat/kopia';
import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import { root } from '../cluster/childProcess';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startDevCluster } from '../cluster/startDevCluster';
import { controlNamespace, EngineStage } from '../engine/EngineStage';
import { applyMoverAccount } from './applyMoverAccount';

/** The image of movers on the embedded cluster. */
export const moverImage = 'lifeboat/data-mover:dev';
export const passwordSecret = 'velero-repo-credentials';

/** A location by its name, or a folder that is none yet. */
export type Place = string | { folder: string };

/** A Secret as the stories read it. */
export interface Secret extends KubernetesObject {
  immutable?: boolean;
  data?: Record<string, string>;
}

/** The embedded cluster with movers as processes of this machine. */
export async function startClusterWithMovers(): Promise<RunningCluster> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-runtimes-'));
  const runtimes = path.join(folder, 'runtimes.json');
  writeFileSync(
    runtimes,
    JSON.stringify({
      images: {
        [moverImage]: {
          command: [
            '{node}',
            path.join(root, 'packages/data-mover/assets/data-mover.cjs'),
          ],
        },
      },
    }),
  );
  const cluster = await startDevCluster({ runtimes });
  // It has been read.
  rmSync(folder, { recursive: true, force: true });
  return cluster;
}

/** What stories about repositories of volume data keep doing, on a stage with an engine. */
export class RepositoryStage {
  private constructor(readonly stage: EngineStage) {}

  static async start(
    start: () => Promise<RunningCluster>,
    config: Record<string, unknown> = {},
  ): Promise<RepositoryStage> {
    const stage = await EngineStage.start(start, {
      dataMover: { image: moverImage },
      ...config,
    });
    await applyMoverAccount(stage.client);
    return new RepositoryStage(stage);
  }

  async stop(): Promise<void> {
    await this.stage.stop();
  }

  /** A new empty folder for another location. */
  newFolder(name: string): string {
    const folder = path.join(this.stage.folder, name);
    mkdirSync(folder);
    return folder;
  }

  /** Asks for a repository as `kubectl create` would. */
  async demand(
    volumeNamespace: string,
    options: { location?: string; frequency?: string } = {},
  ): Promise<string> {
    const location = options.location ?? 'default';
    const name = `${volumeNamespace}-${location}-kopia`;
    const { client } = this.stage;
    const maintenanceFrequency = options.frequency ?? '1h0m0s';
    await client
      .create<BackupRepository>(veleroTypes.backupRepositories, {
        apiVersion: 'velero.io/v1',
        kind: 'BackupRepository',
        metadata: {
          namespace: controlNamespace,
          name,
          labels: {
            'velero.io/volume-namespace': volumeNamespace,
            'velero.io/storage-location': location,
            'velero.io/repository-type': 'kopia',
          },
        },
        spec: {
          volumeNamespace,
          backupStorageLocation: location,
          repositoryType: 'kopia',
          maintenanceFrequency,
        },
      })
      .catch(async error => {
        // It was found in the storage meanwhile.
        if (error.code !== 409) throw error;
        await client.patch(
          veleroTypes.backupRepositories,
          { namespace: controlNamespace, name },
          { contentType: 'merge', body: { spec: { maintenanceFrequency } } },
        );
      });
    return name;
  }

  get(name: string): Promise<BackupRepository | undefined> {
    return this.stage.client.get<BackupRepository>(
      veleroTypes.backupRepositories,
      { namespace: controlNamespace, name },
    );
  }

  /** Waits until a repository has a phase. */
  async until(
    name: string,
    phase: 'Ready' | 'NotReady',
    message: RegExp = /(?:)/,
    timeoutMs = 30_000,
  ): Promise<BackupRepository> {
    return eventually(
      `repository ${name} is ${phase}`,
      async () => {
        const found = await this.get(name);
        return (
          found?.status?.phase === phase &&
          message.test(found.status.message ?? '') &&
          found
        );
      },
      timeoutMs,
    );
  }

  getSecret(name: string): Promise<Secret | undefined> {
    return this.stage.client.get<Secret>(coreTypes.secrets, {
      namespace: controlNamespace,
      name,
    });
  }

  /** Makes a Secret with a password, as an administrator would. */
  async createPassword(name: string, password: string): Promise<void> {
    await this.stage.client.create<Secret>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: controlNamespace, name },
      data: {
        'repository-password': Buffer.from(`${password}\n`).toString('base64'),
      },
    });
  }

  async password(name = passwordSecret): Promise<string> {
    const secret = await this.getSecret(name);
    return Buffer.from(
      secret?.data?.['repository-password'] ?? '',
      'base64',
    ).toString('utf8');
  }

  /** The maintenance Jobs of a repository. */
  async jobs(repositoryName: string): Promise<KubernetesObject[]> {
    const found: KubernetesObject[] = [];
    for await (const job of this.stage.client.list<KubernetesObject>(
      coreTypes.jobs,
      {
        namespace: controlNamespace,
        labelSelector: `velero.io/repo-name=${repositoryName}`,
      },
    )) {
      found.push(job);
    }
    return found;
  }

  private async locationOf(
    where: Place,
  ): Promise<Pick<BackupStorageLocation, 'spec'>> {
    if (typeof where === 'object') {
      return {
        spec: {
          provider: 'lifeboat.dev/filesystem',
          config: { path: where.folder },
          objectStorage: { bucket: 'folder' },
        },
      };
    }
    const found = await this.stage.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: controlNamespace, name: where },
    );
    if (!found) throw new Error(`There is no location ${where}`);
    return found;
  }

  /** Opens a repository, as its mover would. */
  async use<T>(
    volumeNamespace: string,
    password: string,
    action: (repository: Repository) => Promise<T> | T,
    where: Place = 'default',
  ): Promise<T> {
    const opened = await openVolumeRepository({
      location: await this.locationOf(where),
      password,
      volumeNamespace,
      workers: 0,
      create: true,
    });
    try {
      return await action(opened.repository);
    } finally {
      await opened.close();
    }
  }

  /** Saves a folder in a repository, as a mover would. Returns the snapshot's ID. */
  async save(
    volumeNamespace: string,
    folder: string,
    options: VeleroSnapshotOptions,
    where: Place = 'default',
  ): Promise<string> {
    return this.use(
      volumeNamespace,
      await this.password(),
      async repository => {
        const { snapshot } = await uploadTree(
          repository,
          folder,
          veleroSnapshot(options),
        );
        return snapshot.id;
      },
      where,
    );
  }

  /** IDs of a repository's snapshots. */
  async snapshots(
    volumeNamespace: string,
    where: Place = 'default',
  ): Promise<string[]> {
    return this.use(
      volumeNamespace,
      await this.password(),
      repository => listSnapshots(repository).map(({ id }) => id),
      where,
    );
  }
}

/** Runs the real kopia program on the repository in a folder. */
export function kopia(
  folder: string,
  password: string,
  ...args: string[]
): string {
  const state = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-kopia-'));
  const config = ['--config-file', path.join(state, 'config')];
  const environment = {
    ...process.env,
    KOPIA_PASSWORD: password,
    KOPIA_CACHE_DIRECTORY: path.join(state, 'cache'),
    KOPIA_LOG_DIR: path.join(state, 'log'),
    KOPIA_CHECK_FOR_UPDATES: 'false',
  };
  const run = (...command: string[]) =>
    execFileSync(process.env.KOPIA ?? 'kopia', [...command, ...config], {
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  try {
    run(
      'repository',
      'connect',
      'filesystem',
      '--path',
      folder,
      '--override-username',
      'default',
      '--override-hostname',
      'default',
    );
    return run(...args);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
