/* eslint-disable no-loop-func, jest/no-export -- each round crashes elsewhere; the same stories run on several clusters */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import type { DataUpload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { DataPathStage } from './DataPathStage';

const mostWrites = 60;

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

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    /** Runs an engine that dies after n writes of a controller, then one that does not. Returns whether the first one died. */
    async function crashAfter(
      writes: number,
      controller: string,
      begin: () => Promise<unknown>,
      end: () => Promise<unknown>,
    ): Promise<boolean> {
      await stage.stage.engine.stop();
      await stage.stage.restartEngine({
        LIFEBOAT_FAULT_KILL_AFTER_WRITES: String(writes),
        LIFEBOAT_FAULT_KILL_CONTROLLERS: controller,
      });
      await begin();
      const ended = end().then(
        () => true,
        () => false,
      );
      await Promise.race([
        ended,
        eventually(
          'the engine dies',
          () => !stage.stage.isEngineAlive(),
          60_000,
        ),
      ]);
      await new Promise(resolve => setTimeout(resolve, 200));
      if (stage.stage.isEngineAlive()) return false;
      await stage.stage.restartEngine();
      await end();
      return true;
    }

    it('ends each upload completely, and leaves nothing behind', async () => {
      let died = true;
      let writes = 0;
      while (died && writes < mostWrites) {
        writes += 1;
        const name = `up-${writes}`;
        died = await crashAfter(
          writes,
          'data-upload',
          () => stage.upload(name, 'shop', 'data'),
          () => stage.end('DataUpload', name),
        );
        const upload = await stage.end('DataUpload', name);
        expect([writes, upload.status?.message, upload.status?.phase]).toEqual([
          writes,
          '',
          'Completed',
        ]);
        expect(upload.status?.snapshotID).toMatch(/^[0-9a-f]{32}$/);
        await stage.expectNothingLeft();
      }
      expect(died).toBe(false);
      expect(writes).toBeGreaterThan(12);
    }, 900_000);

    it('ends each cancelled upload, and leaves nothing behind', async () => {
      let died = true;
      let writes = 0;
      while (died && writes < mostWrites) {
        writes += 1;
        const name = `cancelled-${writes}`;
        died = await crashAfter(
          writes,
          'data-upload',
          async () => {
            await stage.faults({ 'copy-bytes-per-second': '100000' });
            await stage.upload(name, 'shop', 'data');
            await new Promise(resolve => setTimeout(resolve, writes * 40));
            await stage.patch('DataUpload', name, { spec: { cancel: true } });
          },
          () => stage.end('DataUpload', name),
        );
        const upload = await stage.end('DataUpload', name);
        expect(['Canceled', 'Completed']).toContain(upload.status?.phase);
        await stage.expectNothingLeft();
      }
      await stage.faults({ 'copy-bytes-per-second': null });
      expect(died).toBe(false);
    }, 900_000);

    it('hands each restored volume over once, with its data', async () => {
      let died = true;
      let writes = 0;
      while (died && writes < mostWrites) {
        writes += 1;
        const name = `down-${writes}`;
        died = await crashAfter(
          writes,
          'data-download',
          () => stage.download(name, 'shop', name, source),
          () => stage.end('DataDownload', name),
        );
        const download = await stage.end('DataDownload', name);
        expect([
          writes,
          download.status?.message,
          download.status?.phase,
        ]).toEqual([writes, '', 'Completed']);
        const claim = await stage.get(
          coreTypes.persistentVolumeClaims,
          'shop',
          name,
        );
        const volume = await stage.client.get<any>(
          coreTypes.persistentVolumes,
          { name: claim?.spec.volumeName },
        );
        expect(volume?.spec.persistentVolumeReclaimPolicy).toBe('Delete');
        await stage.runPod('shop', name, name);
        const folder = await stage.folderOf('shop', name, name);
        expect(readFileSync(path.join(folder, 'rows'), 'utf8')).toBe(
          'one, two, three\n',
        );
        await stage.expectNothingLeft();
      }
      expect(died).toBe(false);
      expect(writes).toBeGreaterThan(12);
    }, 900_000);
  });
}
