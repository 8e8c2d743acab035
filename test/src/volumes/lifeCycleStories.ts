import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  coreTypes,
  snapshotTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import { listSnapshots, runMaintenance } from '@lifeboat/kopia';
import type { DeleteBackupRequest } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { findLeaks, takeBaseline } from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** More than a pack of the repository: small packs are joined before what is deleted in them goes. */
const size = 30_000_000;

/** What becomes of the data of volumes when their backups are deleted. */
export function lifeCycleStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`the end of backups with volumes on ${name}`, () => {
    let stage: DataPathStage;
    let volume: string;
    let baseline: Awaited<ReturnType<typeof takeBaseline>>;

    beforeAll(async () => {
      stage = await DataPathStage.start(start);
      await stage.stage.createNamespace('shop');
      volume = await stage.makeVolume('shop', 'data');
      baseline = await takeBaseline(stage.client);
    }, 150_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    const save = (backup: string) => {
      writeFileSync(path.join(volume, backup), randomBytes(size));
      return stage.stage.prepareBackup(backup, {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
    };

    async function deleteBackup(backup: string): Promise<void> {
      await stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: controlNamespace, generateName: `${backup}-` },
          spec: { backupName: backup },
        },
      );
      await eventually(
        `backup ${backup} is deleted`,
        async () => !(await stage.stage.getBackup(backup)),
        60_000,
      );
    }

    async function driverSnapshots(): Promise<string[]> {
      const list = await stage.client.get<KubernetesObject>(
        coreTypes.configMaps,
        { namespace: 'kube-system', name: 'dev-cluster-driver' },
      );
      return Object.keys((list?.data as object | undefined) ?? {});
    }

    async function count(
      type: (typeof veleroTypes)[keyof typeof veleroTypes],
    ): Promise<number> {
      let found = 0;
      for await (const object of stage.client.list(type, {
        namespace: controlNamespace,
      })) {
        if (object) found += 1;
      }
      return found;
    }

    /**
     * Bytes of data in the repository. Maintained as when all its delays have passed: nobody else uses the repository.
     */
    async function stored(
      options: { maintained: boolean } = { maintained: true },
    ): Promise<number> {
      return stage.repositories.use(
        'shop',
        await stage.repositories.password(),
        async repository => {
          // Its times are whole seconds: what one run marks, only a later one drops.
          for (let run = 0; run < (options.maintained ? 3 : 0); run += 1) {
            await runMaintenance(repository, { mode: 'full', safety: 'none' });
            await delay(1_100);
          }
          let bytes = 0;
          for (const prefix of ['p', 'q']) {
            for (const blob of await repository.listBlobs(prefix)) {
              bytes += blob.length;
            }
          }
          return bytes;
        },
      );
    }

    it('removes the data of one backup and keeps that of the others', async () => {
      await save('first');
      await save('second');
      expect(await count(veleroTypes.dataUploads)).toBe(2);
      const snapshots = await stage.repositories.snapshots('shop');
      expect(snapshots).toHaveLength(2);
      expect(await stored({ maintained: false })).toBeGreaterThan(2 * size);

      await deleteBackup('second');
      expect(await stage.repositories.snapshots('shop')).toEqual([
        snapshots[0],
      ]);
      expect(await count(veleroTypes.dataUploads)).toBe(1);
      expect(stage.stage.files('backups')).toEqual(['first']);
      const left = await stored();
      expect(left).toBeGreaterThan(size);
      expect(left).toBeLessThan(1.6 * size);
    }, 120_000);

    it('removes everything with the last backup', async () => {
      await deleteBackup('first');
      await stage.repositories.use(
        'shop',
        await stage.repositories.password(),
        repository => expect(listSnapshots(repository)).toEqual([]),
      );
      expect(await stored()).toBeLessThan(100_000);
    }, 120_000);

    it('removes the snapshots that a backup left in the storage system', async () => {
      const before = await driverSnapshots();
      await stage.stage.prepareBackup('kept', {
        includedNamespaces: ['shop'],
        snapshotMoveData: false,
      });
      expect(await driverSnapshots()).toHaveLength(before.length + 1);
      await deleteBackup('kept');
      expect(await driverSnapshots()).toEqual(before);
      for await (const content of stage.client.list(
        snapshotTypes.volumeSnapshotContents,
        {},
      )) {
        throw new Error(`${content.metadata.name} is left`);
      }
    }, 120_000);

    it('goes on with a deletion in which the engine was killed', async () => {
      const { stage: engine } = stage;
      await save('killed');
      await stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: controlNamespace, name: 'killed' },
          spec: { backupName: 'killed' },
        },
      );
      await eventually('the deletion begins', async () => {
        const backup = await engine.getBackup('killed');
        return !backup || backup.status?.phase === 'Deleting';
      });
      engine.engine.signal('SIGKILL');
      await eventually('the engine is gone', () => !engine.isEngineAlive());
      await engine.restartEngine();
      await eventually(
        'the request is done',
        async () =>
          !(await stage.client.get(veleroTypes.deleteBackupRequests, {
            namespace: controlNamespace,
            name: 'killed',
          })),
        60_000,
      );
      expect(await engine.getBackup('killed')).toBeUndefined();
      expect(engine.files('backups')).toEqual([]);
      expect(await stage.repositories.snapshots('shop')).toEqual([]);
      expect(await count(veleroTypes.dataUploads)).toBe(0);
    }, 180_000);

    it('leaves nothing in the cluster', async () => {
      expect(await findLeaks(stage.client, baseline)).toEqual([]);
    }, 60_000);
  });
}
