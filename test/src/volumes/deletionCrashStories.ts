/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { watch } from 'node:fs';
import { coreTypes, veleroTypes } from '@lifeboat/engine';
import type { DeleteBackupRequest } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import { DataPathStage } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';

/** The engine dies while it deletes a backup with its volumes' data, after each of its writes, and is started again. */
export function deletionCrashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed while it deletes a backup`, () => {
    let stage: DataPathStage;
    let application: HookedApplication;
    let baseline: ClusterBaseline;
    let kept: string[];

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        fileSystemBackup: { enabled: true },
      });
      await stage.createNamespace('shop');
      application = await HookedApplication.start(stage, 'shop');
      // One volume's snapshot stays in the storage system, the files of the other go into the repository.
      await stage.client.patch(
        coreTypes.pods,
        { namespace: 'shop', name: 'db' },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: { 'backup.velero.io/backup-volumes': 'uploads' },
            },
          },
        },
      );
      await prepare('kept', true);
      kept = await stage.repositories.snapshots('shop');
      expect(kept).toHaveLength(2);
      baseline = await takeBaseline(stage.client);
    }, 150_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    async function prepare(backup: string, isMoved: boolean): Promise<void> {
      await stage.stage.createBackup(backup, {
        includedNamespaces: ['shop'],
        snapshotMoveData: isMoved,
      });
      const { status } = await stage.stage.backupEnd(backup, 90_000);
      expect([backup, status?.phase]).toEqual([backup, 'Completed']);
    }

    const request = (backup: string) =>
      stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: controlNamespace, name: backup },
          spec: { backupName: backup },
        },
      );
    const gone = (backup: string) =>
      eventually(
        `the request to delete ${backup} is done`,
        async () =>
          !(await stage.client.get(veleroTypes.deleteBackupRequests, {
            namespace: controlNamespace,
            name: backup,
          })),
        60_000,
      );
    const backupsOf = async (
      type: (typeof veleroTypes)[keyof typeof veleroTypes],
    ) => {
      const names = new Set<string | undefined>();
      for await (const { metadata } of stage.client.list(type, {
        namespace: controlNamespace,
      })) {
        names.add(metadata.labels?.['velero.io/backup-name']);
      }
      return [...names];
    };

    /** The backup has gone with all that it made, and the other one has lost nothing. */
    async function expectOnlyTheOther(backup: string): Promise<void> {
      expect(await stage.stage.getBackup(backup)).toBeUndefined();
      expect(await stage.stage.getRestore(backup)).toBeUndefined();
      expect([backup, stage.stage.files('backups')]).toEqual([
        backup,
        ['kept'],
      ]);
      expect([backup, stage.stage.files('restores')]).toEqual([backup, []]);
      expect(await stage.repositories.snapshots('shop')).toEqual(kept);
      expect(await backupsOf(veleroTypes.dataUploads)).toEqual(['kept']);
      expect(await backupsOf(veleroTypes.podVolumeBackups)).toEqual(['kept']);
      expect([backup, await findLeaks(stage.client, baseline)]).toEqual([
        backup,
        [],
      ]);
      expect(application.isFrozen()).toBe(false);
    }

    it('removes everything that the backup made, and nothing else', async () => {
      const name = (writes: number) => `crash-${writes}`;
      const rounds = await crashAtEveryWrite(
        stage.stage,
        'delete-backup-request',
        {
          prepare: async writes => {
            await prepare(name(writes), false);
            await stage.stage.makeRestore(name(writes), {
              backupName: name(writes),
              includedResources: ['serviceaccounts'],
            });
            expect(await stage.repositories.snapshots('shop')).toHaveLength(3);
          },
          begin: writes => request(name(writes)),
          end: writes => gone(name(writes)),
          check: writes => expectOnlyTheOther(name(writes)),
        },
      );
      expect(rounds).toBeGreaterThan(8);
    }, 900_000);

    it.each([1, 3])(
      'removes it although it died while it wrote into the repository: %s',
      async changes => {
        const name = `repository-${changes}`;
        await prepare(name, true);
        expect(await stage.repositories.snapshots('shop')).toHaveLength(4);
        let seen = 0;
        const watcher = watch(
          stage.stage.storage('kopia', 'shop'),
          { recursive: true },
          () => {
            seen += 1;
            if (seen === changes) stage.stage.engine.signal('SIGKILL');
          },
        );
        try {
          await request(name);
          await eventually(
            'the engine dies',
            () => !stage.stage.isEngineAlive(),
            60_000,
          );
        } finally {
          watcher.close();
        }
        await stage.stage.restartEngine();
        await gone(name);
        await expectOnlyTheOther(name);
      },
      240_000,
    );
  });
}
