/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { coreTypes } from '@lifeboat/engine';
import { appsTypes } from '../cluster/appsTypes';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { crashAtEveryWrite } from './crashAtEveryWrite';
import type { Live } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';
import { RestoreStage } from './RestoreStage';

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

    it('leaves the application running with one volume or the other, and nothing else', async () => {
      const outcomes = new Set<string>();
      let baseline: ClusterBaseline;
      const nameOf = (writes: number) => `crash-${writes}`;
      const rounds = await crashAtEveryWrite(
        stage.stage,
        'restore',
        {
          prepare: async writes => {
            await stage.write('shop', 'db', `before crash ${writes}`);
            baseline = await takeBaseline(stage.client);
          },
          begin: writes =>
            stage.stage.createRestore(
              nameOf(writes),
              { backupName: 'before', existingResourcePolicy: 'update' },
              {
                annotations: {
                  'lifeboat.dev/restore-data': 'existing-claims',
                },
              },
            ),
          end: writes => stage.stage.restoreEnd(nameOf(writes), 120_000),
          check: async writes => {
            const restore = await stage.stage.getRestore(nameOf(writes));
            const state = JSON.stringify([writes, restore?.status]);
            const deployment = await stage.client.get<Live>(
              appsTypes.deployments,
              {
                namespace: 'shop',
                name: 'db',
              },
            );
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
          },
        },
        { withinMs: 120_000 },
      );
      expect(rounds).toBeGreaterThan(15);
      expect([...outcomes].sort()).toEqual(['new', 'old']);
    }, 1_500_000);
  });
}
