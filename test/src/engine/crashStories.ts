/* eslint-disable no-loop-func, jest/no-conditional-expect --
   each round crashes elsewhere, and its end decides what must be there */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  isTerminalBackupPhase,
  isTerminalRestorePhase,
  type Backup,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { createAll } from './application';
import { controlNamespace, EngineStage } from './EngineStage';
import { readTarball } from './readTarball';

const killVariable = 'LIFEBOAT_FAULT_KILL_AFTER_WRITES';
const mostWrites = 80;

const application: KubernetesObject[] = [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web' },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { colour: 'blue' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'password' },
    type: 'Opaque',
    data: { password: 'c2VjcmV0' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  },
];

/** The engine's process dies after its n-th write, for every n, and is started again. */
export function crashStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`an engine on ${clusterName} that is killed after any of its writes`, () => {
    let stage: EngineStage;

    beforeAll(async () => {
      stage = await EngineStage.start(start);
      await stage.createNamespace('shop');
      await createAll(stage.client, application, 'shop');
      const owner = await stage.client.get(coreTypes.configMaps, {
        namespace: 'shop',
        name: 'settings',
      });
      // It comes before its owner, and gets it by a write of its own.
      await createAll(
        stage.client,
        [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: {
              name: 'copy',
              ownerReferences: [
                {
                  apiVersion: 'v1',
                  kind: 'ConfigMap',
                  name: 'settings',
                  uid: owner?.metadata.uid ?? '',
                },
              ],
            },
          },
        ],
        'shop',
      );
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    const deadPids = new Set<number>();
    /** Temporary folders of engines that were killed. */
    const deadSpools = () =>
      readdirSync(os.tmpdir()).filter(name =>
        deadPids.has(Number(/^lifeboat-spool-(\d+)-/.exec(name)?.[1])),
      );

    /** A run that had ended before the crash is no sign that the next engine has tidied up. */
    const noDeadSpools = () =>
      eventually(
        'the next engine removes the temporary folders of the killed one',
        () => deadSpools().length === 0,
        30_000,
      );

    /** Which of the application's objects a namespace holds. */
    async function present(namespace: string): Promise<string[]> {
      const found: string[] = [];
      for (const { type, names } of [
        { type: coreTypes.serviceAccounts, names: ['web'] },
        { type: coreTypes.secrets, names: ['password'] },
        { type: coreTypes.configMaps, names: ['copy', 'settings'] },
        { type: coreTypes.services, names: ['web'] },
      ]) {
        for (const name of names) {
          if (await stage.client.get(type, { namespace, name })) {
            found.push(`${type.resource}/${name}`);
          }
        }
      }
      return found;
    }

    /** Runs an engine that dies after n writes, then one that does not. Returns whether the first one died. */
    async function crashAfter(
      controller: 'backup' | 'restore',
      writes: number,
      begin: () => Promise<unknown>,
      hasEnded: () => Promise<boolean>,
    ): Promise<boolean> {
      await stage.engine.stop();
      await stage.restartEngine({
        [killVariable]: String(writes),
        // What other controllers make of earlier rounds would shift the count.
        LIFEBOAT_FAULT_KILL_CONTROLLERS: controller,
      });
      const { pid } = stage.engine;
      await begin();
      await eventually(
        `the engine dies after ${writes} writes or ends its work`,
        async () => !stage.isEngineAlive() || (await hasEnded()),
        60_000,
      );
      // A last write may end the work and the process at once.
      await new Promise(resolve => setTimeout(resolve, 300));
      if (stage.isEngineAlive()) {
        await stage.engine.stop();
        await stage.restartEngine();
        return false;
      }
      deadPids.add(pid);
      await stage.restartEngine();
      await eventually(
        `the work is ended after the crash at write ${writes}`,
        hasEnded,
        30_000,
      );
      return true;
    }

    it('ends each backup truthfully, and leaves nothing of a failed one', async () => {
      const phases: string[] = [];
      let died = true;
      for (let writes = 1; died && writes <= mostWrites; writes += 1) {
        const name = `crash-${writes}`;
        died = await crashAfter(
          'backup',
          writes,
          () =>
            stage.createBackup(name, {
              includedNamespaces: ['shop'],
              snapshotVolumes: false,
            }),
          async () =>
            isTerminalBackupPhase((await stage.getBackup(name))?.status?.phase),
        );
        const backup = (await stage.getBackup(name))!;
        phases.push(`${backup.status?.phase}`);
        if (backup.status?.phase === 'Completed') {
          const stored = stage.readJson<Backup>(
            'backups',
            name,
            'velero-backup.json',
          );
          expect(stored.status).toEqual(backup.status);
          expect(stage.files('backups', name)).toHaveLength(10);
          const entries = await readTarball(
            stage.storage('backups', name, `${name}.tar.gz`),
          );
          expect(entries.map(entry => entry.name)).toContain(
            'resources/configmaps/namespaces/shop/settings.json',
          );
        } else {
          expect(backup.status?.phase).toBe('Failed');
          expect(backup.status?.failureReason).toContain('the engine stopped');
          expect(backup.status?.completionTimestamp).toBeTruthy();
          expect(stage.files('backups', name)).toEqual([]);
          expect(backup.metadata.annotations).not.toHaveProperty(
            'lifeboat.dev/storage-cleanup',
          );
        }
        await noDeadSpools();
        expect(stage.unfinishedFiles()).toEqual([]);
      }
      expect(died).toBe(false);
      // It died both before and after everything was in storage.
      expect(phases).toContain('Failed');
      expect(phases.slice(0, -1)).toContain('Completed');
    }, 600_000);

    it('ends each restore truthfully, and restoring again adds what is missing', async () => {
      await stage.engine.stop();
      await stage.restartEngine();
      const source = await stage.makeBackup('source', {
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
      });
      expect(source.status?.phase).toBe('Completed');
      const phases: string[] = [];
      const stages = new Set<string>();
      const inOrder = [
        'serviceaccounts/web',
        'secrets/password',
        'configmaps/copy',
        'configmaps/settings',
        'services/web',
      ];
      const wanted = [0, 1, 2, 3, 4, 5].map(count =>
        inOrder.slice(0, count).join(' '),
      );
      const unseen = () => wanted.filter(some => !stages.has(some));
      const untilAlive = async (pass: number) => {
        let died = true;
        for (let writes = 1; died && writes <= mostWrites; writes += 1) {
          const name = `crash-${pass}-${writes}`;
          const target = `shop-${pass}-${writes}`;
          const spec = {
            backupName: 'source',
            namespaceMapping: { shop: target },
          };
          died = await crashAfter(
            'restore',
            writes,
            () => stage.createRestore(name, spec),
            async () =>
              isTerminalRestorePhase(
                (
                  await stage.getRestore(name)
                )?.status?.phase,
              ),
          );
          const restore = (await stage.getRestore(name))!;
          phases.push(`${restore.status?.phase}`);
          expect(restore.metadata.finalizers).toContain(
            'restores.velero.io/external-resources-finalizer',
          );
          if (restore.status?.phase !== 'Completed') {
            expect(restore.status?.phase).toBe('Failed');
            expect(restore.status?.failureReason).toContain(
              'the engine stopped',
            );
            stages.add((await present(target)).join(' '));
            const again = await stage.makeRestore(`${name}-again`, spec);
            expect(again.status?.phase).toBe('Completed');
          }
          const settings = await stage.client.get<KubernetesObject>(
            coreTypes.configMaps,
            { namespace: target, name: 'settings' },
          );
          expect(settings?.data).toEqual({ colour: 'blue' });
          expect(await present(target)).toHaveLength(5);
          const owned = await stage.client.get(coreTypes.configMaps, {
            namespace: target,
            name: 'copy',
          });
          expect(owned?.metadata.ownerReferences).toEqual([
            expect.objectContaining({ uid: settings?.metadata.uid }),
          ]);
          await stage.client.delete(veleroTypes.restores, {
            namespace: controlNamespace,
            name,
          });
          await eventually(
            'the Restore is gone',
            async () => (await stage.getRestore(name)) === undefined,
          );
          expect(stage.files('restores', name)).toEqual([]);
          await noDeadSpools();
          expect(stage.unfinishedFiles()).toEqual([]);
        }
        expect(died).toBe(false);
      };
      // A write of progress, which comes by the clock, can push the death over the write of an object.
      for (let pass = 1; pass <= 3 && unseen().length > 0; pass += 1) {
        await untilAlive(pass);
      }
      expect(phases).toContain('Failed');
      // It died after the write of each single object.
      expect(unseen()).toEqual([]);
    }, 900_000);
  });
}
