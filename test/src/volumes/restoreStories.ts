import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import { writeScope, type DataDownload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import type { Live } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';
import { RestoreStage } from './RestoreStage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** Backups with volumes, restored: where to, how, and what may go wrong. */
export function volumeRestoreStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restores of volumes on ${clusterName}`, () => {
    let stage: RestoreStage;
    let baseline: ClusterBaseline;

    const copies = [
      'shop-copy',
      'shop-fast',
      'shop-late',
      'shop-files',
      'shop-kept',
      'shop-failed',
      'shop-canceled',
      'shop-crash',
      'shop-hooks',
      'orders',
    ];
    const leaks = async () => {
      const found = await findLeaks(stage.client, baseline, {
        namespaces: ['shop', ...copies],
      });
      return Promise.all(
        found.map(async key => {
          const name = /^PersistentVolume (.*)$/.exec(key)?.[1];
          const volume =
            name &&
            (await stage.client.get<Live>(coreTypes.persistentVolumes, {
              name,
            }));
          return volume
            ? `${key} ${JSON.stringify([volume.spec, volume.status])}`
            : key;
        }),
      );
    };
    const moved = { backupName: 'moved', includedNamespaces: ['shop'] };
    const into = (namespace: string, backupName = 'moved') => ({
      backupName,
      includedNamespaces: ['shop'],
      namespaceMapping: { shop: namespace },
    });
    const downloadsOf = async (restore: string) => {
      const found: DataDownload[] = [];
      for await (const each of stage.client.list<DataDownload>(
        veleroTypes.dataDownloads,
        {
          namespace: stage.controlNamespace,
          labelSelector: `velero.io/restore-name=${restore}`,
        },
      )) {
        found.push(each);
      }
      return found;
    };
    const storageClass = async (name: string | undefined) => {
      const ref = { namespace: stage.controlNamespace, name: 'classes' };
      await stage.client.delete(coreTypes.configMaps, ref);
      if (name) {
        await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            ...ref,
            labels: {
              'velero.io/plugin-config': '',
              'velero.io/change-storage-class': 'RestoreItemAction',
            },
          },
          data: { folders: name },
        });
      }
    };

    beforeAll(async () => {
      stage = await RestoreStage.start(start, {
        fileSystemBackup: { enabled: true },
        restoreTargets: ['{{namespace}}-*'],
      });
      await stage.stage.createNamespace('shop', {
        labels: {
          'lifeboat.dev/hooks': 'enabled',
          'lifeboat.dev/file-system-backup': 'enabled',
        },
      });
      await stage.deploy('shop', 'db', 'rows of the database');
      await stage.stage.prepareBackup('moved', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await stage.stage.prepareBackup('kept', {
        includedNamespaces: ['shop'],
        snapshotVolumes: true,
      });
      await stage.stage.prepareBackup('files', {
        includedNamespaces: ['shop'],
        defaultVolumesToFsBackup: true,
      });
      baseline = await takeBaseline(stage.client);
    }, 180_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('brings moved data into a new namespace', async () => {
      const restore = await stage.restore('copy', into('shop-copy'));
      expect(stage.results('copy').errors).toEqual({});
      expect(restore.status).toMatchObject({
        phase: 'Completed',
        restoreItemOperationsAttempted: 1,
        restoreItemOperationsCompleted: 1,
      });
      expect(await stage.read('shop-copy', 'db')).toBe('rows of the database');
      const [download] = await downloadsOf('copy');
      expect(download).toMatchObject({
        metadata: {
          name: expect.stringMatching(/^copy-[0-9a-f]{10}$/),
          ownerReferences: [
            expect.objectContaining({ kind: 'Restore', name: 'copy' }),
          ],
          labels: {
            'velero.io/restore-name': 'copy',
            'velero.io/async-operation-id': expect.stringMatching(/^dd-/),
          },
        },
        spec: {
          targetVolume: { namespace: 'shop-copy', pvc: 'db', pv: '' },
          sourceNamespace: 'shop',
          backupStorageLocation: 'default',
        },
        status: { phase: 'Completed' },
      });
      expect((await stage.claim('shop-copy', 'db'))?.status?.phase).toBe(
        'Bound',
      );
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('brings it into another storage class, one that waits for a pod', async () => {
      await storageClass('folders-wait');
      const restore = await stage.restore('late', into('shop-late'));
      await storageClass(undefined);
      expect(stage.results('late').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop-late', 'db')).toBe('rows of the database');
      expect(
        (await stage.claim('shop-late', 'db'))?.spec.storageClassName,
      ).toBe('folders-wait');
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('makes volumes from snapshots that stayed in the storage', async () => {
      const restore = await stage.restore('kept', into('shop-kept', 'kept'));
      expect(stage.results('kept').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop-kept', 'db')).toBe('rows of the database');
      expect((await stage.claim('shop-kept', 'db'))?.spec.dataSource).toEqual(
        expect.objectContaining({
          kind: 'VolumeSnapshot',
          name: expect.stringMatching(/^[0-9a-f]{64}$/),
        }),
      );
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('writes files through the restored pod, which its ReplicaSet adopts', async () => {
      await stage.stage.createNamespace('shop-files', {
        labels: { 'lifeboat.dev/file-system-backup': 'enabled' },
      });
      const source = await stage.pod('shop', 'db');
      const restore = await stage.restore('files', into('shop-files', 'files'));
      expect(stage.results('files').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop-files', 'db')).toBe('rows of the database');
      const pod = await stage.pod('shop-files', 'db');
      expect(pod).toMatchObject({
        metadata: {
          name: source.metadata.name,
          ownerReferences: [expect.objectContaining({ kind: 'ReplicaSet' })],
        },
        spec: {
          initContainers: [
            expect.objectContaining({
              name: 'restore-wait',
              securityContext: expect.objectContaining({ runAsNonRoot: true }),
            }),
          ],
        },
      });
      expect(
        existsSync(
          path.join(
            await stage.folder('shop-files', 'db'),
            '.velero',
            restore.metadata.uid ?? '',
          ),
        ),
      ).toBe(true);
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('names the claim whose data could not be written, and lets nothing start without it', async () => {
      await stage.data.faults({ 'image-missing': '*data-mover*' });
      await stage.stage.createRestore('failed', into('shop-failed'));
      const [download] = await eventually('data is ordered', async () => {
        const found = await downloadsOf('failed');
        return found.length > 0 && found;
      });
      await stage.data.patch('DataDownload', download.metadata.name ?? '', {
        spec: { cancel: true },
      });
      const restore = await stage.stage.restoreEnd('failed', 90_000);
      await stage.data.faults({ 'image-missing': null });
      expect(restore.status).toMatchObject({
        phase: 'PartiallyFailed',
        restoreItemOperationsFailed: 1,
      });
      expect(JSON.stringify(stage.results('failed').errors)).toContain(
        'the data of claim db was not restored',
      );
      expect(await stage.claim('shop-failed', 'db')).toMatchObject({
        status: { phase: 'Pending' },
      });
      expect(await leaks()).toEqual([]);
    }, 120_000);

    it('fills that claim when the backup is restored again', async () => {
      const restore = await stage.restore('again', into('shop-failed'));
      expect(stage.results('again').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop-failed', 'db')).toBe(
        'rows of the database',
      );
      expect(await leaks()).toEqual([]);
    }, 60_000);

    it('ends when it is canceled while data is written', async () => {
      await stage.data.faults({ 'provision-delay-ms': '60000' });
      await stage.stage.createRestore('canceled', into('shop-canceled'));
      await eventually('it waits for data', async () => {
        const restore = await stage.stage.getRestore('canceled');
        return restore?.status?.phase === 'WaitingForPluginOperations';
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
      const [download] = await downloadsOf('canceled');
      expect(download.status?.phase).toBe('Canceled');
      expect(await leaks()).toEqual([]);
    }, 90_000);

    it('goes on after the engine was killed while data was written', async () => {
      await stage.data.faults({ 'provision-delay-ms': '3000' });
      await stage.stage.createRestore('crash', into('shop-crash'));
      await eventually('it waits for data', async () => {
        const restore = await stage.stage.getRestore('crash');
        return restore?.status?.phase === 'WaitingForPluginOperations';
      });
      stage.stage.engine.signal('SIGKILL');
      await eventually('it is dead', () => !stage.stage.isEngineAlive());
      await stage.stage.restartEngine();
      await stage.data.faults({ 'provision-delay-ms': null });
      const restore = await stage.stage.restoreEnd('crash');
      expect(stage.results('crash').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop-crash', 'db')).toBe('rows of the database');
      expect(await leaks()).toEqual([]);
    }, 120_000);

    it('lets a deleted Restore go only after its movers have ended', async () => {
      await stage.data.faults({ 'provision-delay-ms': '60000' });
      await stage.stage.createRestore('deleted', into('orders'));
      await eventually('it waits for data', async () => {
        const restore = await stage.stage.getRestore('deleted');
        return restore?.status?.phase === 'WaitingForPluginOperations';
      });
      await stage.client.delete(veleroTypes.restores, {
        namespace: stage.controlNamespace,
        name: 'deleted',
      });
      await eventually(
        'it has gone',
        async () => (await stage.stage.getRestore('deleted')) === undefined,
        60_000,
      );
      await stage.data.faults({ 'provision-delay-ms': null });
      expect(stage.stage.files('restores', 'deleted')).toEqual([]);
      expect(await leaks()).toEqual([]);
    }, 90_000);

    it('runs what pods ask for after a restore, where the platform team agrees', async () => {
      const pod = await stage.pod('shop', 'db');
      await stage.client.patch(
        coreTypes.pods,
        { namespace: 'shop', name: pod.metadata.name ?? '' },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: {
                'post.hook.restore.velero.io/command': JSON.stringify([
                  process.execPath,
                  '-e',
                  "require('fs').writeFileSync(process.argv[1], 'ran')",
                  '/data/hook',
                ]),
                'post.hook.restore.velero.io/wait-timeout': '30s',
              },
            },
          },
        },
      );
      await stage.stage.prepareBackup('hooked', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      // The platform team makes the namespace, with its agreement.
      await stage.stage.createNamespace('shop-hooks', {
        labels: { 'lifeboat.dev/hooks': 'enabled' },
      });
      const restore = await stage.restore(
        'hooks',
        into('shop-hooks', 'hooked'),
      );
      expect(stage.results('hooks').errors).toEqual({});
      expect(restore.status).toMatchObject({
        phase: 'Completed',
        hookStatus: { hooksAttempted: 1 },
      });
      expect(
        readFileSync(
          path.join(await stage.folder('shop-hooks', 'db'), 'hook'),
          'utf8',
        ),
      ).toBe('ran');
      const refused = await stage.restore(
        'no-hooks',
        into('shop-fast', 'hooked'),
      );
      expect(refused.status?.phase).toBe('Completed');
      expect(JSON.stringify(stage.results('no-hooks').warnings)).toContain(
        'were not run: namespace shop-fast does not allow them',
      );
      expect(await leaks()).toEqual([]);
    }, 120_000);

    it('brings a deleted namespace back with its data', async () => {
      await stage.removeNamespace('shop');
      const restore = await stage.restore('back', moved);
      expect(stage.results('back').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('shop', 'db')).toBe('rows of the database');
    }, 120_000);

    it('restores a component’s volumes for its owner, into a namespace that may be made', async () => {
      await stage.stage.createNamespace('tenant', {
        annotations: { 'lifeboat.dev/entities': 'component:default/orders' },
      });
      const tenant = await stage.client.get<Live>(coreTypes.namespaces, {
        name: 'tenant',
      });
      const scope = writeScope(
        { metadata: {} },
        {
          entityRef: 'component:default/orders',
          cluster: 'test',
          namespace: 'tenant',
          namespaceUid: tenant?.metadata.uid ?? '',
          consent: {
            source: 'namespace',
            entities: ['component:default/orders'],
          },
        },
      ).metadata;
      await stage.deploy('tenant', 'db', 'rows of the tenant');
      await stage.stage.prepareBackup(
        'tenant',
        { includedNamespaces: ['tenant'], snapshotMoveData: true },
        scope,
      );
      const restore = await stage.restore(
        'tenant-copy',
        {
          backupName: 'tenant',
          namespaceMapping: { tenant: 'tenant-copy' },
        },
        scope,
      );
      expect(stage.results('tenant-copy').errors).toEqual({});
      expect(restore.status?.phase).toBe('Completed');
      expect(await stage.read('tenant-copy', 'db')).toBe('rows of the tenant');
    }, 120_000);

    it('refuses before anything is restored when the repository’s password is another one', async () => {
      const ref = {
        namespace: stage.controlNamespace,
        name: 'velero-repo-credentials',
      };
      const secret = await stage.client.get<KubernetesObject>(
        coreTypes.secrets,
        ref,
      );
      await stage.stage.engine.stop();
      await stage.client.delete(coreTypes.secrets, ref);
      await stage.client.create<KubernetesObject>(coreTypes.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: ref,
        data: {
          'repository-password': Buffer.from('other').toString('base64'),
        },
      });
      await stage.stage.restartEngine();
      const restore = await stage.restore('locked', into('shop-locked'));
      await stage.client.delete(coreTypes.secrets, ref);
      await stage.client.create<KubernetesObject>(coreTypes.secrets, {
        ...secret!,
        metadata: ref,
      });
      expect(restore.status).toMatchObject({
        phase: 'FailedValidation',
        validationErrors: [expect.stringContaining('shop-default-kopia')],
      });
      expect(
        await stage.client.get(coreTypes.namespaces, { name: 'shop-locked' }),
      ).toBeUndefined();
    }, 90_000);
  });
}
