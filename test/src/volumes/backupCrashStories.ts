/* eslint-disable no-loop-func, jest/no-export -- each round crashes elsewhere; the same stories run on several clusters */
import { coreTypes } from '@lifeboat/engine';
import type { BackupVolumeInfo } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { DataPathStage } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';

const mostWrites = 60;

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
      await stage.createNamespace('shop');
      await stage.client.patch(
        coreTypes.namespaces,
        { name: 'shop' },
        {
          contentType: 'merge',
          body: { metadata: { labels: { 'lifeboat.dev/hooks': 'enabled' } } },
        },
      );
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
      let died = true;
      let writes = 0;
      while (died && writes < mostWrites) {
        writes += 1;
        const name = `crash-${writes}`;
        await stage.stage.restartEngine({
          LIFEBOAT_FAULT_KILL_AFTER_WRITES: String(writes),
          LIFEBOAT_FAULT_KILL_CONTROLLERS: 'backup',
        });
        await stage.stage.createBackup(name, {
          includedNamespaces: ['shop'],
          snapshotMoveData: true,
        });
        await Promise.race([
          stage.stage.backupEnd(name, 60_000).catch(() => undefined),
          eventually(
            'the engine dies',
            () => !stage.stage.isEngineAlive(),
            60_000,
          ),
        ]);
        await new Promise(resolve => setTimeout(resolve, 300));
        died = !stage.stage.isEngineAlive();
        if (died) {
          await stage.stage.restartEngine();
        }
        const { status } = await stage.stage.backupEnd(name, 60_000);
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
      }
      expect(died).toBe(false);
      expect(writes).toBeGreaterThan(15);
      // The first ones end the run, the later ones are gone on from.
      expect(phases).toContain('Failed');
      expect(phases.slice(-8)).toEqual(phases.slice(-8).fill('Completed'));
    }, 900_000);
  });
}
