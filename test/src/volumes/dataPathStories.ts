import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import type { RunningCluster } from '../cluster/RunningCluster';
import { DataPathStage, subfolder } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** Volumes' data into a repository and back, by the engine and real movers. */
export function dataPathStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`moving the data of volumes on ${clusterName}`, () => {
    let stage: DataPathStage;

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        fileSystemBackup: { enabled: true },
      });
      await stage.createNamespace('shop');
      await stage.createNamespace('copy');
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('moves a snapshot into the repository and back into a new claim', async () => {
      const folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      writeFileSync(path.join(subfolder(folder, 'deep'), 'file'), 'deep\n');

      const started = Date.now();
      await stage.upload('first', 'shop', 'data');
      const upload = await stage.end('DataUpload', 'first');
      const seconds = (Date.now() - started) / 1000;
      expect(upload.status).toMatchObject({
        phase: 'Completed',
        snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
        nodeOS: 'linux',
        progress: { bytesDone: 21, totalBytes: 21 },
      });
      expect(upload.status?.acceptedTimestamp).toBeTruthy();
      expect(upload.status?.startTimestamp).toBeTruthy();
      expect(upload.status?.completionTimestamp).toBeTruthy();
      await stage.expectNothingLeft();

      await stage.download('first', 'copy', 'data', upload);
      const download = await stage.end('DataDownload', 'first');
      expect(download.status).toMatchObject({ phase: 'Completed' });
      const claim = await stage.get(
        coreTypes.persistentVolumeClaims,
        'copy',
        'data',
      );
      expect(claim?.status?.phase).toBe('Bound');
      const volume = await stage.client.get<any>(coreTypes.persistentVolumes, {
        name: claim?.spec.volumeName,
      });
      expect(volume?.spec.persistentVolumeReclaimPolicy).toBe('Delete');
      expect(volume?.spec.claimRef).toMatchObject({
        namespace: 'copy',
        name: 'data',
      });
      await stage.runPod('copy', 'uses-data', 'data');
      const restored = await stage.folderOf('copy', 'uses-data', 'data');
      expect(readFileSync(path.join(restored, 'rows'), 'utf8')).toBe(
        'one, two, three\n',
      );
      expect(readFileSync(path.join(restored, 'deep/file'), 'utf8')).toBe(
        'deep\n',
      );
      await stage.expectNothingLeft();
      expect(seconds).toBeLessThan(15);
    }, 120_000);

    it.each([
      ['claim', 'uses-data', { persistentVolumeClaim: { claimName: 'back' } }],
      ['emptyDir', 'scratch', { emptyDir: {} }],
    ])(
      'moves the mounted files of a pod and brings them back into a waiting one: %s',
      async (kind, name, volume) => {
        if (kind === 'emptyDir') {
          await stage.runIdle('shop', name, volume);
        } else {
          await stage.makeClaim('shop', 'back');
        }
        const pod = await stage.get(coreTypes.pods, 'shop', name);
        const folder =
          kind === 'emptyDir'
            ? await stage.emptyDirOf('shop', name, 'data')
            : await stage.folderOf('shop', name, 'data');
        writeFileSync(path.join(folder, 'rows'), `rows of ${kind}`);

        await stage.backUpPodVolume(`files-${name}`, pod!, 'data');
        const backup = await stage.end('PodVolumeBackup', `files-${name}`);
        expect(backup.status).toMatchObject({
          phase: 'Completed',
          snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
        });
        expect(backup.status?.message ?? '').toBe('');
        await stage.expectNothingLeft();

        await stage.restorePodVolume(`back-${name}`, 'shop', volume, backup);
        const restore = await stage.end('PodVolumeRestore', `back-${name}`);
        expect([restore.status?.phase, restore.status?.message]).toEqual([
          'Completed',
          '',
        ]);
        expect(restore.status?.node).toBeTruthy();
        await stage.untilRunning('shop', `back-${name}`);
        const restored =
          kind === 'emptyDir'
            ? await stage.emptyDirOf('shop', `back-${name}`, 'data')
            : await stage.folderOf('shop', `back-${name}`, 'back');
        expect(readFileSync(path.join(restored, 'rows'), 'utf8')).toBe(
          `rows of ${kind}`,
        );
        await stage.expectNothingLeft();
      },
      120_000,
    );
  });
}
