/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import type { DataUpload } from '@lifeboat/velero-api';
import type { RunningCluster } from '../cluster/RunningCluster';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/** The engine dies after its n-th write while it moves a volume's data, for every n, and is started again. */
export function dataPathCrashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed while it moves data`, () => {
    let stage: DataPathStage;
    let source: DataUpload;

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        fileSystemBackup: { enabled: true },
      });
      await stage.createNamespace('shop');
      const folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      await stage.upload('source', 'shop', 'data');
      source = await stage.end('DataUpload', 'source');
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('ends each upload completely, and leaves nothing behind', async () => {
      const name = (writes: number) => `up-${writes}`;
      const rounds = await crashAtEveryWrite(stage.stage, 'data-upload', {
        begin: writes => stage.upload(name(writes), 'shop', 'data'),
        end: writes => stage.end('DataUpload', name(writes)),
        check: async writes => {
          const { status } = await stage.end('DataUpload', name(writes));
          expect([writes, status?.message, status?.phase]).toEqual([
            writes,
            '',
            'Completed',
          ]);
          expect(status?.snapshotID).toMatch(/^[0-9a-f]{32}$/);
          await stage.expectNothingLeft();
        },
      });
      expect(rounds).toBeGreaterThan(12);
    }, 900_000);

    it('ends each cancelled upload, and leaves nothing behind', async () => {
      const name = (writes: number) => `cancelled-${writes}`;
      await crashAtEveryWrite(stage.stage, 'data-upload', {
        begin: async writes => {
          await stage.faults({ 'copy-bytes-per-second': '100000' });
          await stage.upload(name(writes), 'shop', 'data');
          await new Promise(resolve => setTimeout(resolve, writes * 40));
          await stage.patch('DataUpload', name(writes), {
            spec: { cancel: true },
          });
        },
        end: writes => stage.end('DataUpload', name(writes)),
        check: async writes => {
          const { status } = await stage.end('DataUpload', name(writes));
          expect(['Canceled', 'Completed']).toContain(status?.phase);
          await stage.expectNothingLeft();
        },
      });
      await stage.faults({ 'copy-bytes-per-second': null });
    }, 900_000);

    it('hands each restored volume over once, with its data', async () => {
      const name = (writes: number) => `down-${writes}`;
      const rounds = await crashAtEveryWrite(stage.stage, 'data-download', {
        begin: writes =>
          stage.download(name(writes), 'shop', name(writes), source),
        end: writes => stage.end('DataDownload', name(writes)),
        check: async writes => {
          const { status } = await stage.end('DataDownload', name(writes));
          expect([writes, status?.message, status?.phase]).toEqual([
            writes,
            '',
            'Completed',
          ]);
          const claim = await stage.get(
            coreTypes.persistentVolumeClaims,
            'shop',
            name(writes),
          );
          const volume = await stage.client.get<any>(
            coreTypes.persistentVolumes,
            { name: claim?.spec.volumeName },
          );
          expect(volume?.spec.persistentVolumeReclaimPolicy).toBe('Delete');
          await stage.runPod('shop', name(writes), name(writes));
          const folder = await stage.folderOf(
            'shop',
            name(writes),
            name(writes),
          );
          expect(readFileSync(path.join(folder, 'rows'), 'utf8')).toBe(
            'one, two, three\n',
          );
          await stage.expectNothingLeft();
        },
      });
      expect(rounds).toBeGreaterThan(12);
    }, 900_000);
  });
}
