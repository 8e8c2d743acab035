/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import type { PodVolumeBackup } from '@lifeboat/velero-api';
import type { RunningCluster } from '../cluster/RunningCluster';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/** The engine dies after its n-th write while it moves the files of mounted volumes, for every n, and is started again. */
export function podVolumeCrashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed while it moves files of pods`, () => {
    let stage: DataPathStage;
    let source: PodVolumeBackup;

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        fileSystemBackup: { enabled: true },
      });
      await stage.createNamespace('shop');
      const folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      await backUp('source');
      source = await stage.end('PodVolumeBackup', 'source');
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    async function backUp(name: string): Promise<void> {
      const pod = await stage.get(coreTypes.pods, 'shop', 'uses-data');
      await stage.backUpPodVolume(name, pod!, 'data');
    }

    it('ends each PodVolumeBackup completely, and leaves nothing behind', async () => {
      const rounds = await crashAtEveryWrite(stage.stage, 'pod-volume-backup', {
        begin: writes => backUp(`up-${writes}`),
        end: writes => stage.end('PodVolumeBackup', `up-${writes}`),
        check: async writes => {
          const { status } = await stage.end('PodVolumeBackup', `up-${writes}`);
          expect([writes, status?.message, status?.phase]).toEqual([
            writes,
            '',
            'Completed',
          ]);
          expect(status?.snapshotID).toMatch(/^[0-9a-f]{32}$/);
          await stage.expectNothingLeft();
        },
      });
      expect(rounds).toBeGreaterThan(5);
    }, 600_000);

    it('fills each waiting pod once, and lets it start then', async () => {
      const name = (writes: number) => `down-${writes}`;
      const rounds = await crashAtEveryWrite(
        stage.stage,
        'pod-volume-restore',
        {
          begin: writes =>
            stage.restorePodVolume(
              name(writes),
              'shop',
              { emptyDir: {} },
              source,
            ),
          end: writes => stage.end('PodVolumeRestore', name(writes)),
          check: async writes => {
            const { status } = await stage.end(
              'PodVolumeRestore',
              name(writes),
            );
            expect([writes, status?.message, status?.phase]).toEqual([
              writes,
              '',
              'Completed',
            ]);
            await stage.untilRunning('shop', name(writes));
            const folder = await stage.emptyDirOf('shop', name(writes), 'data');
            expect(readFileSync(path.join(folder, 'rows'), 'utf8')).toBe(
              'one, two, three\n',
            );
            await stage.client.delete(coreTypes.pods, {
              namespace: 'shop',
              name: name(writes),
            });
            await stage.expectNothingLeft();
          },
        },
      );
      expect(rounds).toBeGreaterThan(5);
    }, 600_000);
  });
}
