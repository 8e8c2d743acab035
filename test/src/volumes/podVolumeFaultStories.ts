/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import type { PodVolumeBackup } from '@lifeboat/velero-api';
import type { RunningCluster } from '../cluster/RunningCluster';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/** What goes wrong while the files of pods are moved: every end is truthful, and no pod starts without its data. */
export function podVolumeFaultStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`faults while files of pods are moved on ${clusterName}`, () => {
    let stage: DataPathStage;
    let source: PodVolumeBackup;
    let folder: string;

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        fileSystemBackup: { enabled: true },
      });
      await stage.createNamespace('shop');
      folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      await backUp('source');
      source = await stage.end('PodVolumeBackup', 'source');
    }, 120_000);

    afterEach(async () => {
      await stage.expectNothingLeft();
      expect(readFileSync(path.join(folder, 'rows'), 'utf8')).toBe(
        'one, two, three\n',
      );
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    async function backUp(name: string): Promise<void> {
      const pod = await stage.get(coreTypes.pods, 'shop', 'uses-data');
      await stage.backUpPodVolume(name, pod!, 'data');
    }

    const begin = {
      PodVolumeBackup: backUp,
      PodVolumeRestore: (name: string) =>
        stage.restorePodVolume(name, 'shop', { emptyDir: {} }, source),
    };

    /** A pod that waits for data which never came does so until somebody removes it. */
    async function expectStillWaiting(name: string): Promise<void> {
      const pod = await stage.get(coreTypes.pods, 'shop', name);
      expect(pod?.status?.phase).toBe('Pending');
      await stage.client.delete(coreTypes.pods, { namespace: 'shop', name });
    }

    it.each(['PodVolumeBackup', 'PodVolumeRestore'] as const)(
      'says that the mover of a %s was killed',
      async kind => {
        const name = `killed-${kind.toLowerCase()}`;
        await begin[kind](name);
        const { pid } = await stage.moverOf(name);
        process.kill(pid, 'SIGKILL');
        const { status } = await stage.end(kind, name);
        expect([status?.phase, status?.message]).toEqual([
          'Failed',
          expect.stringMatching(/ended without a result: exit code 137/),
        ]);
        if (kind === 'PodVolumeRestore') await expectStillWaiting(name);
      },
      60_000,
    );

    it.each(['PodVolumeBackup', 'PodVolumeRestore'] as const)(
      'cancels a %s that is underway',
      async kind => {
        const name = `canceled-${kind.toLowerCase()}`;
        await begin[kind](name);
        const { pid } = await stage.moverOf(name);
        process.kill(pid, 'SIGSTOP');
        await stage.phase(kind, name, 'InProgress');
        await stage.patch(kind, name, { spec: { cancel: true } });
        await stage.phase(kind, name, 'Canceling');
        process.kill(pid, 'SIGCONT');
        expect((await stage.end(kind, name)).status?.phase).toBe('Canceled');
        if (kind === 'PodVolumeRestore') await expectStillWaiting(name);
      },
      60_000,
    );

    it('cancels a PodVolumeBackup that has not begun', async () => {
      await stage.faults({ 'image-missing': 'lifeboat/data-mover*' });
      await backUp('early');
      await stage.phase('PodVolumeBackup', 'early', 'Accepted');
      await stage.patch('PodVolumeBackup', 'early', { spec: { cancel: true } });
      const { status } = await stage.end('PodVolumeBackup', 'early');
      await stage.faults({ 'image-missing': null });
      expect(status?.phase).toBe('Canceled');
    }, 60_000);

    it('says that the pod went before its files were read', async () => {
      await stage.runIdle('shop', 'brief', { emptyDir: {} });
      const pod = await stage.get(coreTypes.pods, 'shop', 'brief');
      await stage.client.delete(coreTypes.pods, {
        namespace: 'shop',
        name: 'brief',
      });
      await stage.backUpPodVolume('brief', pod!, 'data');
      const { status } = await stage.end('PodVolumeBackup', 'brief');
      expect([status?.phase, status?.message]).toEqual([
        'Failed',
        expect.stringMatching(/pod shop\/brief does not exist any more/),
      ]);
    }, 60_000);
  });
}
