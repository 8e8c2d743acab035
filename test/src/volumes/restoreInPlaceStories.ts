import { coreTypes, veleroTypes } from '@lifeboat/engine';
import type { DataDownload } from '@lifeboat/velero-api';
import { appsTypes } from '../cluster/appsTypes';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import type { Live } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';
import { RestoreStage } from './RestoreStage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

const existingClaims = {
  annotations: { 'lifeboat.dev/restore-data': 'existing-claims' },
};

/** Content restored into claims that are there and in use. */
export function restoreInPlaceStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restores into existing claims on ${clusterName}`, () => {
    let stage: RestoreStage;
    let baseline: ClusterBaseline;
    let replaced = '';

    const isKept = (leak: { object?: { metadata: { labels?: object } } }) =>
      'lifeboat.dev/undo' in (leak.object?.metadata.labels ?? {});
    const leaks = (options: { allowed?: typeof isKept } = {}) =>
      findLeaks(stage.client, baseline, { namespaces: ['shop'], ...options });
    const deployment = (name: string) =>
      stage.client.get<Live>(appsTypes.deployments, {
        namespace: 'shop',
        name,
      });

    beforeAll(async () => {
      stage = await RestoreStage.start(start, {
        volumes: { undoSeconds: 20 },
      });
      await stage.stage.createNamespace('shop');
      await stage.deploy('shop', 'db', 'as it was backed up');
      await stage.stage.prepareBackup('before', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      baseline = await takeBaseline(stage.client);
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('leaves claims that are there alone without being told', async () => {
      await stage.write('shop', 'db', 'broken');
      const restore = await stage.restore('plain', { backupName: 'before' });
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop', 'db')).toBe('broken');
      expect(JSON.stringify(stage.results('plain').warnings)).toContain(
        'claim db exists already: its data stays as it is and was not restored',
      );
    }, 60_000);

    it('writes the data beside the application, then exchanges the volumes while it is stopped', async () => {
      const old = await stage.volumeOf('shop', 'db');
      const pod = await stage.pod('shop', 'db');
      const restore = await stage.restore(
        'in-place',
        { backupName: 'before', existingResourcePolicy: 'update' },
        existingClaims,
      );
      expect(stage.results('in-place').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop', 'db')).toBe('as it was backed up');
      replaced = old?.metadata.name ?? '';
      const fresh = await stage.volumeOf('shop', 'db');
      expect(fresh?.metadata.name).not.toBe(old?.metadata.name);
      expect(fresh).toMatchObject({
        spec: { persistentVolumeReclaimPolicy: 'Delete' },
        status: { phase: 'Bound' },
      });
      expect((await stage.pod('shop', 'db')).metadata.uid).not.toBe(
        pod.metadata.uid,
      );
      expect((await deployment('db'))?.spec.replicas).toBe(1);
      const kept = await stage.client.get<Live>(coreTypes.persistentVolumes, {
        name: old?.metadata.name ?? '',
      });
      expect(kept).toMatchObject({
        metadata: {
          annotations: {
            'lifeboat.dev/undo-until': expect.any(String),
            'lifeboat.dev/undo-policy': 'Delete',
            'lifeboat.dev/undo-claim': 'shop/db',
            'lifeboat.dev/undo-restore': 'in-place',
          },
        },
        spec: { persistentVolumeReclaimPolicy: 'Retain' },
      });
      expect(await leaks({ allowed: isKept })).toEqual([]);
    }, 90_000);

    it('lets the old volume go when the time to undo is over', async () => {
      await eventually(
        'the old volume has gone',
        async () =>
          (await stage.client.get(coreTypes.persistentVolumes, {
            name: replaced,
          })) === undefined,
        60_000,
      );
      expect(await leaks()).toEqual([]);
      expect(await stage.read('shop', 'db')).toBe('as it was backed up');
    }, 90_000);

    it('changes nothing when the data cannot be written', async () => {
      await stage.write('shop', 'db', 'still here');
      const pod = await stage.pod('shop', 'db');
      await stage.data.faults({ 'provision-error': 'no space on any disk' });
      await stage.stage.createRestore(
        'no-space',
        { backupName: 'before', existingResourcePolicy: 'update' },
        existingClaims,
      );
      const download = await eventually('data is ordered', async () => {
        for await (const each of stage.client.list<DataDownload>(
          veleroTypes.dataDownloads,
          { labelSelector: 'velero.io/restore-name=no-space' },
        )) {
          return each;
        }
        return undefined;
      });
      await stage.data.patch('DataDownload', download.metadata.name ?? '', {
        spec: { cancel: true },
      });
      const restore = await stage.stage.restoreEnd('no-space');
      await stage.data.faults({ 'provision-error': null });
      expect(restore.status).toMatchObject({
        phase: 'Failed',
        failureReason: expect.stringContaining('Nothing was changed'),
      });
      expect(await stage.read('shop', 'db')).toBe('still here');
      expect((await stage.pod('shop', 'db')).metadata.uid).toBe(
        pod.metadata.uid,
      );
      expect(await leaks()).toEqual([]);
    }, 90_000);

    it('refuses while something uses the claim that nobody would start again', async () => {
      await stage.data.runPod('shop', 'by-hand', 'db');
      const restore = await stage.restore(
        'refused',
        { backupName: 'before', existingResourcePolicy: 'update' },
        existingClaims,
      );
      await stage.client.delete(coreTypes.pods, {
        namespace: 'shop',
        name: 'by-hand',
      });
      expect(restore.status).toMatchObject({
        phase: 'Failed',
        failureReason: expect.stringContaining(
          'pod by-hand uses the claim, and no workload would make it again',
        ),
      });
      expect(await stage.read('shop', 'db')).toBe('still here');
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('goes on when the engine is killed while data is written', async () => {
      await stage.data.faults({ 'provision-delay-ms': '4000' });
      const pod = await stage.pod('shop', 'db');
      await stage.stage.createRestore(
        'interrupted',
        { backupName: 'before', existingResourcePolicy: 'update' },
        existingClaims,
      );
      await eventually('data is ordered', async () => {
        for await (const _ of stage.client.list<DataDownload>(
          veleroTypes.dataDownloads,
          { labelSelector: 'velero.io/restore-name=interrupted' },
        )) {
          return true;
        }
        return false;
      });
      process.kill(stage.stage.engine.pid, 'SIGKILL');
      await stage.stage.restartEngine();
      expect((await stage.pod('shop', 'db')).metadata.uid).toBe(
        pod.metadata.uid,
      );
      const restore = await stage.stage.restoreEnd('interrupted', 90_000);
      await stage.data.faults({ 'provision-delay-ms': null });
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop', 'db')).toBe('as it was backed up');
      await stage.write('shop', 'db', 'still here');
      expect(await leaks({ allowed: isKept })).toEqual([]);
    }, 120_000);

    it('ends when it is canceled while data is written, with nothing changed', async () => {
      await stage.data.faults({ 'provision-delay-ms': '60000' });
      await stage.stage.createRestore(
        'canceled',
        { backupName: 'before', existingResourcePolicy: 'update' },
        existingClaims,
      );
      await eventually('data is ordered', async () => {
        const restore = await stage.stage.getRestore('canceled');
        return restore?.metadata.annotations?.['lifeboat.dev/in-place-state'];
      });
      await stage.client.patch(
        veleroTypes.restores,
        { namespace: stage.controlNamespace, name: 'canceled' },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: { 'lifeboat.dev/cancel-requested': 'the story' },
            },
          },
        },
      );
      const restore = await stage.stage.restoreEnd('canceled');
      await stage.data.faults({ 'provision-delay-ms': null });
      expect(restore.status).toMatchObject({
        phase: 'Failed',
        failureReason: 'Canceled by the story',
      });
      expect(await stage.read('shop', 'db')).toBe('still here');
      expect(await leaks()).toEqual([]);
    }, 90_000);
  });
}
