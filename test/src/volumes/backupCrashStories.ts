/* eslint-disable jest/no-export -- the same stories run on several clusters */
import type { BackupVolumeInfo } from '@lifeboat/velero-api';
import type { RunningCluster } from '../cluster/RunningCluster';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import { DataPathStage } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';

/** The engine dies after its n-th write while it backs up an application with hooks and volumes, for every n. */
export function volumeBackupCrashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed while it backs up volumes`, () => {
    let stage: DataPathStage;
    let application: HookedApplication;

    beforeAll(async () => {
      stage = await DataPathStage.start(start);
      await stage.createNamespace('shop', {
        labels: { 'lifeboat.dev/hooks': 'enabled' },
      });
      application = await HookedApplication.start(stage, 'shop');
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('ends each backup truthfully, wakes the application and leaves nothing behind', async () => {
      const phases: string[] = [];
      const nameOf = (writes: number) => `crash-${writes}`;
      const end = (writes: number) =>
        stage.stage.backupEnd(nameOf(writes), 60_000);
      const rounds = await crashAtEveryWrite(stage.stage, 'backup', {
        begin: writes =>
          stage.stage.createBackup(nameOf(writes), {
            includedNamespaces: ['shop'],
            snapshotMoveData: true,
          }),
        end,
        check: async writes => {
          const name = nameOf(writes);
          const { status } = await end(writes);
          phases.push(status?.phase ?? '');
          expect(application.isFrozen()).toBe(false);
          const files = stage.stage.files('backups', name);
          if (status?.phase === 'Failed') {
            expect([writes, status.failureReason]).toEqual([
              writes,
              expect.stringContaining('the engine stopped'),
            ]);
            expect([writes, files]).toEqual([writes, []]);
          } else {
            expect([writes, status?.phase]).toEqual([writes, 'Completed']);
            expect(files).toHaveLength(10);
            expect(
              stage.stage
                .readJson<BackupVolumeInfo[]>(
                  'backups',
                  name,
                  `${name}-volumeinfo.json.gz`,
                )
                .map(({ result }) => result),
            ).toEqual(['succeeded', 'succeeded']);
          }
          await stage.expectNothingLeft();
        },
      });
      expect(rounds).toBeGreaterThan(15);
      // The first ones end the run, the later ones are gone on from.
      expect(phases).toContain('Failed');
      expect(phases.slice(-8)).toEqual(phases.slice(-8).fill('Completed'));
    }, 900_000);
  });
}
