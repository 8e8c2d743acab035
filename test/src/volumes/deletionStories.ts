import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { veleroTypes, type KubernetesObject } from '@lifeboat/engine';
import { FolderStorage, listSnapshots } from '@lifeboat/kopia';
import type { DeleteBackupRequest } from '@lifeboat/velero-api';
import { extract, pack } from 'tar-stream';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { kopia, RepositoryStage } from './RepositoryStage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

const fixture = path.join(process.env.LIFEBOAT_FIXTURES ?? '', 'velero-bucket');
const hasFixture = existsSync(path.join(fixture, 'bucket'));
const describeFixture = hasFixture ? describe : describe.skip;
const describeKopia = process.env.KOPIA ? describe : describe.skip;

/** Kopia's IDs of what the backups of the fixture made. */
const moved = [
  'e119197ee1a1a5d2ae010e7d48b1d735',
  '6b6354c696546d72ba0ff3d5f8881bc3',
];
const ofPods = [
  '7c3d3c9eb99c72eb1a61078d5f1a6e95',
  '2dd42ca0849e655d603650550c633a90',
  'ca794e4c65847b670ceb8a1fa1f8df7e',
  'bc6806877a41ca3e425710253681dec5',
];

/** Deletion of backups that a real Velero made, with the data of their volumes. */
export function deletionStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describeFixture(`deletion of volume data on ${name}`, () => {
    let repositories: RepositoryStage;
    let folder: string;
    let password: string;

    beforeAll(async () => {
      repositories = await RepositoryStage.start(start, {
        sync: { phases: ['Completed', 'PartiallyFailed'], periodSeconds: 1 },
      });
      password = readFileSync(
        path.join(fixture, 'cluster/kopia/password.txt'),
        'utf8',
      ).trim();
      folder = repositories.newFolder('bucket');
      await copyBucket();
      await makeTarballOfAll();
    }, 150_000);

    afterAll(async () => {
      await repositories?.stop();
    }, 60_000);

    /** The bucket as a folder; kopia gives blobs other names there. */
    async function copyBucket(): Promise<void> {
      const bucket = path.join(fixture, 'bucket');
      const blobs = path.join('velero', 'kopia', 'shop');
      cpSync(bucket, folder, {
        recursive: true,
        filter: source => !source.includes(`${path.sep}kopia`),
      });
      const storage = await FolderStorage.open(path.join(folder, blobs), {
        create: true,
      });
      for (const blob of readdirSync(path.join(bucket, blobs))) {
        await storage.put(blob, readFileSync(path.join(bucket, blobs, blob)));
      }
      await storage.close();
    }

    /**
     * The case of Velero's data loss: the namespaces of `fsb` include Velero's own, so that its tarball carries the DataUploads of
     * `move`; and it is of a time without volume information.
     */
    async function makeTarballOfAll(): Promise<void> {
      const file = (backup: string, end: string) =>
        path.join(folder, 'velero/backups', backup, `${backup}${end}`);
      const all = pack();
      const written = buffer(all);
      for (const backup of ['fsb', 'move']) {
        const entries = extract();
        entries.end(gunzipSync(readFileSync(file(backup, '.tar.gz'))));
        for await (const entry of entries) {
          const content = await buffer(entry);
          const isWanted =
            backup === 'fsb' || entry.header.name.includes('datauploads');
          if (isWanted) all.entry({ name: entry.header.name }, content);
        }
      }
      all.finalize();
      writeFileSync(file('fsb', '.tar.gz'), gzipSync(await written));
      rmSync(file('fsb', '-volumeinfo.json.gz'));
    }

    async function requestDeletion(backup: string): Promise<string> {
      const request =
        await repositories.stage.client.create<DeleteBackupRequest>(
          veleroTypes.deleteBackupRequests,
          {
            apiVersion: 'velero.io/v1',
            kind: 'DeleteBackupRequest',
            metadata: {
              namespace: controlNamespace,
              generateName: `${backup}-`,
            },
            spec: { backupName: backup },
          },
        );
      return request.metadata.name ?? '';
    }

    async function deleted(backup: string): Promise<void> {
      const request = await requestDeletion(backup);
      await eventually(
        `backup ${backup} is gone`,
        async () => {
          const open = await repositories.stage.client.get<DeleteBackupRequest>(
            veleroTypes.deleteBackupRequests,
            { namespace: controlNamespace, name: request },
          );
          if (open?.status?.errors?.length) {
            throw new Error(open.status.errors.join('; '));
          }
          return !open && !(await repositories.stage.getBackup(backup));
        },
        30_000,
      );
    }

    const stored = () =>
      repositories.use(
        'shop',
        password,
        repository =>
          listSnapshots(repository)
            .map(({ id }) => id)
            .sort(),
        'velero',
      );

    async function podVolumeBackups(): Promise<string[]> {
      const names: string[] = [];
      for await (const each of repositories.stage.client.list<KubernetesObject>(
        veleroTypes.podVolumeBackups,
        { namespace: controlNamespace },
      )) {
        names.push(each.metadata.labels?.['velero.io/backup-name'] ?? '');
      }
      return names;
    }

    it('keeps a backup whose repository has an unknown password, and says so', async () => {
      await repositories.stage.createLocation('velero', folder, {
        objectStorage: { bucket: 'fixture', prefix: 'velero' },
      });
      await eventually('the backups are synchronised', async () =>
        repositories.stage.getBackup('move'),
      );
      const request = await requestDeletion('move');
      const errors = await eventually('the request is refused', async () => {
        const found = await repositories.stage.client.get<DeleteBackupRequest>(
          veleroTypes.deleteBackupRequests,
          { namespace: controlNamespace, name: request },
        );
        return found?.status?.phase === 'Processed' && found.status.errors;
      });
      expect(errors).toEqual([
        expect.stringMatching(
          /^The password of repository shop-velero-kopia \(namespace shop in storage location velero\) is not known: there is no Secret velero-repo-credentials in namespace openshift-adp/,
        ),
      ]);
      expect(
        existsSync(path.join(folder, 'velero/backups/move/move.tar.gz')),
      ).toBe(true);

      await repositories.createPassword('velero-repo-credentials', password);
      expect(await stored()).toEqual([...moved, ...ofPods].sort());
    }, 60_000);

    it('removes the snapshots of its pods, and not those of another backup whose DataUploads are in its tarball', async () => {
      expect(await podVolumeBackups()).toContain('fsb');
      await deleted('fsb');
      expect(await stored()).toEqual([...moved].sort());
      expect(await podVolumeBackups()).not.toContain('fsb');
      expect(existsSync(path.join(folder, 'velero/backups/fsb'))).toBe(false);
    }, 60_000);

    describeKopia('with the real program', () => {
      it('leaves a repository that is whole', () => {
        const repository = path.join(folder, 'velero/kopia/shop');
        expect(
          kopia(repository, password, 'snapshot', 'list', '--all', '--json'),
        ).toContain(moved[0]);
        kopia(
          repository,
          password,
          'snapshot',
          'verify',
          '--verify-files-percent=100',
        );
      }, 60_000);
    });

    it('removes what was moved', async () => {
      await deleted('move');
      expect(await stored()).toEqual([]);
    }, 60_000);

    it('says which snapshots of a storage system it cannot remove, and keeps the backup', async () => {
      const request = await requestDeletion('csi');
      const errors = await eventually('the request is refused', async () => {
        const found = await repositories.stage.client.get<DeleteBackupRequest>(
          veleroTypes.deleteBackupRequests,
          { namespace: controlNamespace, name: request },
        );
        return found?.status?.phase === 'Processed' && found.status.errors;
      });
      expect(errors).toEqual([
        'CSI snapshot 024a115e-e716-11f1-ba9b-3a22c86495b0 of driver hostpath.csi.k8s.io could not be removed: this cluster has no such driver; delete the backup where it was made',
        'CSI snapshot 054deb53-e716-11f1-ba9b-3a22c86495b0 of driver hostpath.csi.k8s.io could not be removed: this cluster has no such driver; delete the backup where it was made',
      ]);
      const backup = await repositories.stage.getBackup('csi');
      expect(backup?.status?.phase).toBe('Deleting');
    }, 60_000);
  });
}
