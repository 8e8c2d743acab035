/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { coreTypes, veleroTypes } from '@lifeboat/engine';
import type { Restore } from '@lifeboat/velero-api';
import { appsTypes } from '../cluster/appsTypes';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import type { Live } from './DataPathStage';
import { RestoreStage } from './RestoreStage';

const backedUp = 'as it was backed up';

/** Restores in place that are undone by a request on the Restore. */
export function restoreUndoStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restores in place that are undone on ${clusterName}`, () => {
    let stage: RestoreStage;
    let baseline: ClusterBaseline;

    /** Restores the content in place over a text. */
    const restoreOver = async (name: string, text: string) => {
      await stage.write('shop', 'db', text);
      const restore = await stage.restore(
        name,
        { backupName: 'before', existingResourcePolicy: 'update' },
        { annotations: { 'lifeboat.dev/restore-data': 'existing-claims' } },
      );
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop', 'db')).toBe(backedUp);
    };
    const request = (name: string) =>
      stage.client.patch(
        veleroTypes.restores,
        { namespace: controlNamespace, name },
        {
          contentType: 'merge',
          body: {
            metadata: { annotations: { 'lifeboat.dev/undo': 'requested' } },
          },
        },
      );
    /** What has become of the last request, and the words about it. */
    const answer = async (name: string) => {
      const { metadata } = await stage.stage.untilEnd<Restore>(
        `the request about ${name} is answered`,
        async () => {
          const found = await stage.stage.getRestore(name);
          const state = found?.metadata.annotations?.['lifeboat.dev/undo'];
          return (
            state !== undefined &&
            !['requested', 'running'].includes(state) &&
            found
          );
        },
        120_000,
      );
      return [
        metadata.annotations?.['lifeboat.dev/undo'],
        metadata.annotations?.['lifeboat.dev/undo-message'],
      ];
    };
    const undo = async (name: string) => {
      await request(name);
      return answer(name);
    };
    const volume = (name: string) =>
      stage.client.get<Live>(coreTypes.persistentVolumes, { name });
    /** Until when the volume that the claim does not have is kept: as the Restore says, and as the volume says. */
    const keptUntil = async (name: string, kept: string) => {
      const { annotations = {} } =
        (await stage.stage.getRestore(name))?.metadata ?? {};
      const { undoUntil } = JSON.parse(
        annotations['lifeboat.dev/in-place-state'] ?? '{}',
      );
      const marks = (await volume(kept))?.metadata.annotations;
      return [undoUntil, marks?.['lifeboat.dev/undo-until']];
    };
    const replicas = async () =>
      (
        await stage.client.get<Live>(appsTypes.deployments, {
          namespace: 'shop',
          name: 'db',
        })
      )?.spec.replicas;
    const leaks = () =>
      findLeaks(stage.client, baseline, {
        namespaces: ['shop'],
        allowed: ({ object }) =>
          'lifeboat.dev/undo' in (object?.metadata.labels ?? {}),
      });

    beforeAll(async () => {
      stage = await RestoreStage.start(start, {
        volumes: { undoSeconds: 600 },
      });
      await stage.stage.createNamespace('shop');
      await stage.deploy('shop', 'db', backedUp);
      await stage.stage.prepareBackup('before', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      baseline = await takeBaseline(stage.client);
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('puts the old volume back and keeps the restored one', async () => {
      const old = await stage.volumeOf('shop', 'db');
      await restoreOver('wrong', 'what was there before');
      const restored = await stage.volumeOf('shop', 'db');
      const [until, volumeUntil] = await keptUntil(
        'wrong',
        old?.metadata.name ?? '',
      );
      expect(until).toEqual(expect.any(String));
      expect(volumeUntil).toBe(until);
      expect(await undo('wrong')).toEqual([
        'done',
        expect.stringContaining('have their old volumes'),
      ]);
      expect(await stage.read('shop', 'db')).toBe('what was there before');
      const back = await stage.volumeOf('shop', 'db');
      expect(back?.metadata.name).toBe(old?.metadata.name);
      expect(back?.spec.persistentVolumeReclaimPolicy).toBe('Delete');
      expect(back?.metadata.labels ?? {}).not.toHaveProperty([
        'lifeboat.dev/undo',
      ]);
      expect(await volume(restored?.metadata.name ?? '')).toMatchObject({
        metadata: {
          labels: { 'lifeboat.dev/undo': 'true' },
          annotations: {
            'lifeboat.dev/undo-claim': 'shop/db',
            'lifeboat.dev/undo-policy': 'Delete',
            'lifeboat.dev/undo-restore': 'wrong',
          },
        },
        spec: { persistentVolumeReclaimPolicy: 'Retain' },
      });
      const [later, restoredUntil] = await keptUntil(
        'wrong',
        restored?.metadata.name ?? '',
      );
      expect(Date.parse(later)).toBeGreaterThan(Date.parse(until));
      expect(restoredUntil).toBe(later);
      expect(await replicas()).toBe(1);
      expect((await stage.stage.getRestore('wrong'))?.status?.phase).toBe(
        'Completed',
      );
      expect(await leaks()).toEqual([]);
    }, 120_000);

    it('refuses what is undone already, and what replaced nothing', async () => {
      expect(await undo('wrong')).toEqual([
        'refused',
        expect.stringContaining('its claims have their old volumes already'),
      ]);
      await stage.restore('plain', { backupName: 'before' });
      expect(await undo('plain')).toEqual([
        'refused',
        expect.stringContaining('it gave no claim another volume'),
      ]);
      expect(await stage.read('shop', 'db')).toBe('what was there before');
    }, 120_000);

    it('goes back one restore after the other, the last one first', async () => {
      await restoreOver('first', 'before the first');
      await restoreOver('second', 'before the second');
      expect(await undo('first')).toEqual([
        'refused',
        expect.stringContaining('claim shop/db has got another volume since'),
      ]);
      expect(await stage.read('shop', 'db')).toBe(backedUp);
      expect((await undo('second'))[0]).toBe('done');
      expect(await stage.read('shop', 'db')).toBe('before the second');
      expect((await undo('first'))[0]).toBe('done');
      expect(await stage.read('shop', 'db')).toBe('before the first');
      expect(await leaks()).toEqual([]);
    }, 180_000);

    it('refuses while something uses the claim that nobody would start again', async () => {
      await restoreOver('in-use', 'before it');
      await stage.data.runPod('shop', 'by-hand', 'db');
      expect(await undo('in-use')).toEqual([
        'refused',
        expect.stringContaining('pod by-hand uses the claim'),
      ]);
      await stage.client.delete(coreTypes.pods, {
        namespace: 'shop',
        name: 'by-hand',
      });
      await eventually(
        'the pod is gone',
        async () => !(await stage.data.get(coreTypes.pods, 'shop', 'by-hand')),
      );
      expect(await stage.read('shop', 'db')).toBe(backedUp);
      expect((await undo('in-use'))[0]).toBe('done');
      expect(await stage.read('shop', 'db')).toBe('before it');
    }, 120_000);

    it('refuses when the old volume is gone', async () => {
      const old = (await stage.volumeOf('shop', 'db'))?.metadata.name ?? '';
      await restoreOver('too-late', 'before it');
      await stage.client.patch(
        coreTypes.persistentVolumes,
        { name: old },
        {
          contentType: 'merge',
          body: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
        },
      );
      await eventually('it is gone', async () => !(await volume(old)), 60_000);
      expect(await undo('too-late')).toEqual([
        'refused',
        expect.stringMatching(
          /volume \S+, which claim shop\/db had .* is gone/,
        ),
      ]);
      expect(await stage.read('shop', 'db')).toBe(backedUp);
      expect(await replicas()).toBe(1);
    }, 120_000);

    it('is brought to its end by the next engine, wherever the one before died', async () => {
      const nameOf = (writes: number) => `crash-${writes}`;
      const rounds = await crashAtEveryWrite(
        stage.stage,
        'restore',
        {
          prepare: writes =>
            restoreOver(nameOf(writes), `before ${nameOf(writes)}`),
          begin: writes => request(nameOf(writes)),
          end: writes => answer(nameOf(writes)),
          check: async writes => {
            expect([writes, (await answer(nameOf(writes)))[0]]).toEqual([
              writes,
              'done',
            ]);
            expect(await stage.read('shop', 'db')).toBe(
              `before ${nameOf(writes)}`,
            );
            expect(await replicas()).toBe(1);
            expect(await leaks()).toEqual([]);
          },
        },
        { step: 2, mostWrites: 30, withinMs: 120_000 },
      );
      expect(rounds).toBeGreaterThan(10);
    }, 900_000);
  });
}
