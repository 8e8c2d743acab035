/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes, snapshotTypes, veleroTypes } from '@lifeboat/engine';
import type { DataUpload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';

/** What goes wrong while the data of volumes is moved: every end is truthful, and nothing is left behind. */
export function dataPathFaultStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`faults while data is moved on ${clusterName}`, () => {
    let stage: DataPathStage;
    let source: DataUpload;
    let folder: string;

    beforeAll(async () => {
      stage = await DataPathStage.start(start, {
        dataMover: {
          image: 'lifeboat/data-mover:dev',
          prepareTimeoutSeconds: 25,
          loadConcurrency: { globalConfig: 1, overall: 3 },
          backupPVC: { folders: { readOnly: true } },
        },
      });
      await stage.createNamespace('shop');
      folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      await stage.upload('source', 'shop', 'data');
      source = await stage.end('DataUpload', 'source');
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

    /** Runs with faults, which end with it. */
    async function with_<T>(
      faults: { [fault: string]: string },
      run: () => Promise<T>,
    ): Promise<T> {
      await stage.faults(faults);
      try {
        return await run();
      } finally {
        await stage.faults(
          Object.fromEntries(Object.keys(faults).map(key => [key, null])),
        );
      }
    }

    const uploaded = async (name: string) => {
      await stage.upload(name, 'shop', 'data');
      return (await stage.end('DataUpload', name)).status;
    };

    it('says that the image cannot be had', async () => {
      const status = await with_(
        { 'image-missing': 'lifeboat/data-mover*' },
        () => uploaded('no-image'),
      );
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/ImagePullBackOff/);
      expect(status?.completionTimestamp).toBeTruthy();
    }, 90_000);

    it('gives up a snapshot that never becomes ready, and says so', async () => {
      const status = await with_({ 'snapshot-never-ready': 'true' }, () =>
        uploaded('never-ready'),
      );
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(
        /timeout on preparing.*VolumeSnapshot shop\/snapshot-of-never-ready is not ready/,
      );
    }, 90_000);

    it('survives passing errors of snapshots and volumes', async () => {
      const status = await with_(
        {
          'snapshot-error': 'the array is busy',
          'snapshot-error-times': '2',
          'provision-error': 'no space at this moment',
          'provision-error-times': '2',
        },
        () => uploaded('transient'),
      );
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 90_000);

    it('leaves no VolumeSnapshot behind whose end the snapshot controller missed', async () => {
      const status = await with_(
        { 'snapshot-end-missed': 'true' },
        async () => {
          const ended = await uploaded('missed');
          await stage.expectNothingLeft();
          return ended;
        },
      );
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 90_000);

    it('says why no volume is made', async () => {
      const status = await with_(
        { 'provision-error': 'the pool is full' },
        () => uploaded('no-volume'),
      );
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/the pool is full/);
    }, 90_000);

    it('reads through a writable claim where read-only ones are refused', async () => {
      const status = await with_({ 'no-read-only-many': 'true' }, () =>
        uploaded('no-rox'),
      );
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 90_000);

    it('follows a restore size above the request', async () => {
      const status = await with_({ 'snapshot-restore-size': '3Gi' }, () =>
        uploaded('larger'),
      );
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 90_000);

    it('says that the namespace was deleted before the snapshot was safe', async () => {
      await stage.createNamespace('doomed');
      await stage.makeVolume('doomed', 'data');
      await with_({ 'snapshot-delay-ms': '4000' }, async () => {
        await stage.upload('doomed', 'doomed', 'data');
        await stage.phase('DataUpload', 'doomed', 'Accepted');
        await stage.client.delete(coreTypes.namespaces, { name: 'doomed' });
        const { status } = await stage.end('DataUpload', 'doomed');
        expect(status?.phase).toBe('Failed');
        expect(status?.message).toMatch(/VolumeSnapshot doomed\/.* deleted/);
      });
    }, 90_000);

    it('completes although the namespace is deleted once the snapshot is safe', async () => {
      await stage.createNamespace('deleted');
      const from = await stage.makeVolume('deleted', 'data');
      writeFileSync(path.join(from, 'rows'), 'saved');
      await with_({ 'provision-delay-ms': '3000' }, async () => {
        await stage.upload('deleted', 'deleted', 'data');
        await eventually('the claim of the mover is there', async () => {
          for await (const claim of stage.client.list(
            coreTypes.persistentVolumeClaims,
            { namespace: controlNamespace },
          )) {
            return claim;
          }
          return undefined;
        });
        await stage.client.delete(coreTypes.namespaces, { name: 'deleted' });
        const { status } = await stage.end('DataUpload', 'deleted');
        expect([status?.phase, status?.message]).toEqual(['Completed', '']);
      });
    }, 90_000);

    it('takes over no snapshot that was not made for a backup', async () => {
      await stage.client.create<any>(snapshotTypes.volumeSnapshots, {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        metadata: { namespace: 'shop', name: 'mine' },
        spec: {
          source: { persistentVolumeClaimName: 'data' },
          volumeSnapshotClassName: 'folders',
        },
      });
      await stage.upload('foreign', 'shop', 'data', {
        csiSnapshot: {
          volumeSnapshot: 'mine',
          storageClass: 'folders',
          snapshotClass: 'folders',
        },
      });
      const { status } = await stage.end('DataUpload', 'foreign');
      expect(status?.message).toMatch(/only snapshots made for a backup/);
      for (const name of ['mine', 'snapshot-of-foreign']) {
        const ref = { namespace: 'shop', name };
        expect(
          await stage.client.get(snapshotTypes.volumeSnapshots, ref),
        ).toBeTruthy();
        await stage.client.delete(snapshotTypes.volumeSnapshots, ref);
      }
    }, 90_000);

    it('says that the mover was killed', async () => {
      await stage.upload('killed', 'shop', 'data');
      const { pid } = await stage.moverOf('killed');
      process.kill(pid, 'SIGKILL');
      const { status } = await stage.end('DataUpload', 'killed');
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/ended without a result: exit code 137/);
    }, 60_000);

    it('says that the mover was evicted', async () => {
      await stage.upload('evicted', 'shop', 'data');
      const { pod, pid } = await stage.moverOf('evicted');
      process.kill(pid, 'SIGSTOP');
      await with_({ evict: `${controlNamespace}/${pod}` }, async () => {
        // The kubelet's patience with a process that does not end is not what this is about.
        await new Promise(resolve => setTimeout(resolve, 1_000));
        process.kill(pid, 'SIGKILL');
        const { status } = await stage.end('DataUpload', 'evicted');
        expect(status?.phase).toBe('Failed');
        expect(status?.message).toMatch(/Evicted|evicted/);
      });
    }, 90_000);

    it('lets movers wait for their turn, and cancels in every phase', async () => {
      await stage.upload('busy', 'shop', 'data');
      const { pid } = await stage.moverOf('busy');
      process.kill(pid, 'SIGSTOP');
      await stage.phase('DataUpload', 'busy', 'InProgress');
      await stage.upload('prepared', 'shop', 'data');
      await stage.phase('DataUpload', 'prepared', 'Prepared');
      const accepted = await with_(
        { 'snapshot-delay-ms': '60000' },
        async () => {
          await stage.upload('accepted', 'shop', 'data');
          await stage.phase('DataUpload', 'accepted', 'Accepted');
          await stage.upload('new', 'shop', 'data');
          await new Promise(resolve => setTimeout(resolve, 1_000));
          // Three at most in the cluster, one on the node.
          for (const [name, phase] of [
            ['new', undefined],
            ['accepted', 'Accepted'],
            ['prepared', 'Prepared'],
          ]) {
            const found = await stage.getDataPath('DataUpload', name ?? '');
            expect([name, found?.status?.phase]).toEqual([name, phase]);
          }
          const cancel = { spec: { cancel: true } };
          for (const name of ['new', 'accepted', 'prepared', 'busy']) {
            await stage.patch('DataUpload', name, cancel);
          }
          await stage.phase('DataUpload', 'busy', 'Canceling');
          process.kill(pid, 'SIGCONT');
          const phases: (string | undefined)[] = [];
          for (const name of ['new', 'accepted', 'prepared', 'busy']) {
            const { status } = await stage.end('DataUpload', name);
            phases.push(status?.phase);
          }
          return phases;
        },
      );
      expect(accepted).toEqual([
        'Canceled',
        'Canceled',
        'Canceled',
        'Canceled',
      ]);
    }, 120_000);

    it('runs one after the other where a node has one place', async () => {
      const names = ['turn-1', 'turn-2', 'turn-3', 'turn-4'];
      for (const name of names) await stage.upload(name, 'shop', 'data');
      const times: [number, number][] = [];
      for (const name of names) {
        const { status } = await stage.end('DataUpload', name);
        expect([name, status?.phase]).toEqual([name, 'Completed']);
        times.push([
          Date.parse(status?.startTimestamp ?? ''),
          Date.parse(status?.completionTimestamp ?? ''),
        ]);
      }
      times.sort(([a], [b]) => a - b);
      for (const [index, [begun]] of times.entries()) {
        if (index > 0) {
          expect(begun).toBeGreaterThanOrEqual(times[index - 1][1] - 1000);
        }
      }
    }, 120_000);

    it('takes the result of a mover that ended while no engine ran', async () => {
      await stage.upload('alone', 'shop', 'data');
      const { pid } = await stage.moverOf('alone');
      process.kill(pid, 'SIGSTOP');
      await stage.phase('DataUpload', 'alone', 'InProgress');
      stage.stage.engine.signal('SIGKILL');
      process.kill(pid, 'SIGCONT');
      await eventually('the mover has ended', () => {
        try {
          process.kill(pid, 0);
          return false;
        } catch {
          return true;
        }
      });
      await stage.stage.restartEngine();
      const { status } = await stage.end('DataUpload', 'alone');
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 60_000);

    it('ends what is deleted, and removes everything', async () => {
      await stage.upload('removed', 'shop', 'data');
      await stage.moverOf('removed');
      await stage.client.delete(veleroTypes.dataUploads, {
        namespace: controlNamespace,
        name: 'removed',
      });
      await eventually(
        'it is gone',
        async () =>
          (await stage.getDataPath('DataUpload', 'removed')) === undefined,
      );
    }, 60_000);

    it('restores although no pod uses a claim whose class waits for one', async () => {
      await stage.download('unused', 'shop', 'unused', source, {
        storageClass: 'folders-wait',
      });
      await eventually('it says what it waits for', async () =>
        /a pod uses PersistentVolumeClaim shop\/unused/.test(
          (
            await stage.getDataPath('DataDownload', 'unused')
          )?.status?.message ?? '',
        ),
      );
      const { status } = await stage.end('DataDownload', 'unused');
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
    }, 90_000);

    it('restores for the pod that waits for its claim', async () => {
      const began = Date.now();
      await stage.download('used', 'shop', 'used', source, {
        storageClass: 'folders-wait',
      });
      await stage.runPod('shop', 'uses-used', 'used');
      expect(Date.now() - began).toBeLessThan(15_000);
      const restored = await stage.folderOf('shop', 'uses-used', 'used');
      expect(readFileSync(path.join(restored, 'rows'), 'utf8')).toBe(
        'one, two, three\n',
      );
      const { status } = await stage.end('DataDownload', 'used');
      expect(status?.phase).toBe('Completed');
    }, 90_000);

    it('restores into no claim that has a volume', async () => {
      await stage.makeClaim('shop', 'taken');
      await eventually(
        'it is bound',
        async () =>
          (
            await stage.get(coreTypes.persistentVolumeClaims, 'shop', 'taken')
          )?.status?.phase === 'Bound',
      );
      await stage.requestDownload('taken', 'shop', 'taken', source);
      const { status } = await stage.end('DataDownload', 'taken');
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/already has a volume/);
    }, 60_000);

    it('leaves no volume behind when the target is deleted in the middle', async () => {
      await stage.download('vanished', 'shop', 'vanished', source);
      const { pid } = await stage.moverOf('vanished');
      process.kill(pid, 'SIGSTOP');
      await stage.client.delete(coreTypes.persistentVolumeClaims, {
        namespace: 'shop',
        name: 'vanished',
      });
      process.kill(pid, 'SIGCONT');
      const { status } = await stage.end('DataDownload', 'vanished');
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/shop\/vanished does not exist/);
    }, 60_000);

    it('cancels a restore, and leaves the target waiting', async () => {
      await stage.download('stopped', 'shop', 'stopped', source);
      const { pid } = await stage.moverOf('stopped');
      process.kill(pid, 'SIGSTOP');
      await stage.phase('DataDownload', 'stopped', 'InProgress');
      await stage.patch('DataDownload', 'stopped', { spec: { cancel: true } });
      await stage.phase('DataDownload', 'stopped', 'Canceling');
      process.kill(pid, 'SIGCONT');
      const { status } = await stage.end('DataDownload', 'stopped');
      expect(status?.phase).toBe('Canceled');
      const target = await stage.get(
        coreTypes.persistentVolumeClaims,
        'shop',
        'stopped',
      );
      expect(target?.status?.phase).toBe('Pending');
    }, 60_000);

    it('moves block volumes', async () => {
      const device = await stage.makeVolume('shop', 'block', {
        volumeMode: 'Block',
        size: '16Mi',
      });
      const bytes = Buffer.alloc(3 * 1024 * 1024, 'block');
      writeFileSync(device, bytes, { flag: 'r+' });
      await stage.upload('block', 'shop', 'block');
      const upload = await stage.end('DataUpload', 'block');
      expect([upload.status?.phase, upload.status?.message]).toEqual([
        'Completed',
        '',
      ]);
      await stage.download('block', 'shop', 'block-2', upload, {
        volumeMode: 'Block',
        size: '16Mi',
      });
      const { status } = await stage.end('DataDownload', 'block');
      expect([status?.phase, status?.message]).toEqual(['Completed', '']);
      await stage.runPod('shop', 'uses-block-2', 'block-2', 'Block');
      const restored = await stage.folderOf('shop', 'uses-block-2', 'block-2');
      expect(
        readFileSync(restored).subarray(0, bytes.length).equals(bytes),
      ).toBe(true);
    }, 120_000);

    it('does not read mounted volumes without consent', async () => {
      const pod = await stage.get(coreTypes.pods, 'shop', 'uses-data');
      await stage.backUpPodVolume('files', pod!, 'data');
      const { status } = await stage.end('PodVolumeBackup', 'files');
      expect(status?.phase).toBe('Failed');
      expect(status?.message).toMatch(/fileSystemBackup.enabled/);
    }, 60_000);

    it('says that the node is gone', async () => {
      await stage.upload('node-gone', 'shop', 'data');
      const { pid } = await stage.moverOf('node-gone');
      process.kill(pid, 'SIGSTOP');
      await with_({ 'node-gone': '3' }, async () => {
        await eventually(
          'it has failed',
          async () =>
            (
              await stage.getDataPath('DataUpload', 'node-gone')
            )?.status?.phase === 'Failed',
          90_000,
        );
      });
      const { status } = await stage.end('DataUpload', 'node-gone');
      expect(status?.message).toMatch(/node|pod/);
    }, 150_000);
  });
}
