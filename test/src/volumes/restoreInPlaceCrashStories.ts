/* eslint-disable no-loop-func, jest/no-export -- each round crashes elsewhere; the same stories run on several clusters */
import { coreTypes } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import { findLeaks, takeBaseline } from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import type { Live } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';
import { appsTypes, RestoreStage } from './RestoreStage';

const mostWrites = 60;

/** The engine dies after its n-th write while it restores data into a claim that is in use, for every n, and is started again. */
export function restoreInPlaceCrashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed while it restores in place`, () => {
    let stage: RestoreStage;

    beforeAll(async () => {
      stage = await RestoreStage.start(start, { volumes: { undoSeconds: 1 } });
      await stage.stage.createNamespace('shop');
      await stage.deploy('shop', 'db', 'as it was backed up');
      await stage.stage.prepareBackup('before', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    /** Restores under an engine that dies after n writes, then under one that does not. Returns whether the first one died. */
    async function crashAfter(writes: number, name: string): Promise<boolean> {
      await stage.stage.restartEngine({
        LIFEBOAT_FAULT_KILL_AFTER_WRITES: String(writes),
        LIFEBOAT_FAULT_KILL_CONTROLLERS: 'restore',
      });
      await stage.stage.createRestore(
        name,
        { backupName: 'before', existingResourcePolicy: 'update' },
        {
          annotations: { 'lifeboat.dev/restore-data': 'existing-claims' },
        },
      );
      await Promise.race([
        stage.stage.restoreEnd(name, 120_000).catch(() => undefined),
        eventually(
          'the engine dies',
          () => !stage.stage.isEngineAlive(),
          120_000,
        ).catch(() => undefined),
      ]);
      await new Promise(resolve => setTimeout(resolve, 200));
      if (stage.stage.isEngineAlive()) return false;
      await stage.stage.restartEngine();
      await stage.stage.restoreEnd(name, 120_000);
      return true;
    }

    it('leaves the application running with one volume or the other, and nothing else', async () => {
      let died = true;
      let writes = 0;
      const outcomes = new Set<string>();
      while (died && writes < mostWrites) {
        writes += 1;
        await stage.write('shop', 'db', `before crash ${writes}`);
        const baseline = await takeBaseline(stage.client);
        died = await crashAfter(writes, `crash-${writes}`);
        const restore = await stage.stage.getRestore(`crash-${writes}`);
        const state = JSON.stringify([writes, restore?.status]);
        const deployment = await stage.client.get<Live>(appsTypes.deployments, {
          namespace: 'shop',
          name: 'db',
        });
        expect([state, deployment?.spec.replicas]).toEqual([state, 1]);
        const text = await stage.read('shop', 'db');
        outcomes.add(text.startsWith('before') ? 'old' : 'new');
        expect([
          state,
          ['as it was backed up', `before crash ${writes}`].includes(text),
        ]).toEqual([state, true]);
        expect([
          state,
          await findLeaks(stage.client, baseline, {
            timeoutMs: 20_000,
            // The claim is another one after the exchange; its volume is the application's.
            allowed: ({ object }) =>
              object?.kind === 'PersistentVolume' &&
              (object as Live).spec.claimRef?.namespace === 'shop' &&
              (object as Live).status?.phase === 'Bound',
          }),
        ]).toEqual([state, []]);
        const claim = await stage.data.get(
          coreTypes.persistentVolumeClaims,
          'shop',
          'db',
        );
        expect(claim?.status?.phase).toBe('Bound');
      }
      expect(died).toBe(false);
      expect(writes).toBeGreaterThan(15);
      expect([...outcomes].sort()).toEqual(['new', 'old']);
    }, 1_500_000);
  });
}
