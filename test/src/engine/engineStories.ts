import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  coreTypes,
  createClusterClient,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  writeScope,
  type Backup,
  type BackupStorageLocation,
  type DeleteBackupRequest,
  type Schedule,
} from '@lifeboat/velero-api';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startEngine, type RunningEngine } from '../cluster/startEngine';

const namespace = 'openshift-adp';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/**
 * What the engine does around backups, on any cluster: storage locations,
 * schedules, expiry, deletion, synchronisation, a Velero beside it.
 */
export function engineStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`engine on ${name}`, () => {
    let cluster: RunningCluster;
    let client: ClusterClient & { close(): void };
    let engine: RunningEngine;
    let folder: string;

    const store = (...segments: string[]) => path.join(folder, ...segments);

    beforeAll(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-stories-'));
      mkdirSync(store('main'));
      cluster = await start();
      client = createClusterClient({
        name: 'test',
        kubeconfig: cluster.kubeconfig,
      });
      for (const each of [namespace, 'shop']) {
        await ensureNamespace(client, each);
      }
      await cluster.serve?.('shop');
      await client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'shop', name: 'settings' },
        data: { colour: 'blue' },
      });
      engine = startEngine({
        clusters: [
          {
            name: 'test',
            kubeconfig: cluster.engineKubeconfig ?? cluster.kubeconfig,
          },
          { name: 'gone', url: 'https://127.0.0.1:9', token: 'x' },
        ],
      });
      await engine.untilState('leading', 'test', 60_000);
      await createLocation('default', { path: store('main') }, true);
      await untilPhase('default', 'Available');
    }, 150_000);

    afterAll(async () => {
      await engine?.stop();
      client?.close();
      await cluster?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    async function createLocation(
      location: string,
      config: Record<string, string>,
      isDefault = false,
      spec: Partial<BackupStorageLocation['spec']> = {},
    ): Promise<void> {
      await client.create<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        {
          apiVersion: 'velero.io/v1',
          kind: 'BackupStorageLocation',
          metadata: { namespace, name: location },
          spec: {
            provider: 'lifeboat.dev/filesystem',
            config,
            objectStorage: { bucket: 'folder' },
            ...(isDefault ? { default: true } : {}),
            ...spec,
          },
        },
      );
    }

    function getLocation(location: string) {
      return client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace, name: location },
      );
    }

    async function untilPhase(location: string, phase: string) {
      return eventually(`location ${location} is ${phase}`, async () => {
        const found = await getLocation(location);
        return found?.status?.phase === phase && found;
      });
    }

    function getBackup(backup: string) {
      return client.get<Backup>(veleroTypes.backups, {
        namespace,
        name: backup,
      });
    }

    async function untilCompleted(backup: string): Promise<Backup> {
      return eventually(`backup ${backup} is Completed`, async () => {
        const found = await getBackup(backup);
        return found?.status?.phase === 'Completed' && found;
      });
    }

    async function createBackup(
      backup: string,
      spec: Partial<Backup['spec']> = {},
    ): Promise<Backup> {
      await client.create<Backup>(veleroTypes.backups, {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { namespace, name: backup },
        spec: {
          includedNamespaces: ['shop'],
          snapshotVolumes: false,
          ...spec,
        },
      });
      return untilCompleted(backup);
    }

    function requestDeletion(backup: string, request = `delete-${backup}`) {
      return client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace, name: request },
          spec: { backupName: backup },
        },
      );
    }

    async function untilGone(backup: string): Promise<void> {
      await eventually(
        `backup ${backup} is gone`,
        async () => (await getBackup(backup)) === undefined,
      );
    }

    it('reports a cluster that cannot be reached, and works on in the others', async () => {
      await engine.untilState('unreachable', 'gone', 60_000);
      expect(await getLocation('default')).toMatchObject({
        status: { phase: 'Available' },
      });
    }, 70_000);

    it('writes its state onto its Lease', async () => {
      const lease = await client.get<KubernetesObject>(coreTypes.leases, {
        namespace,
        name: 'lifeboat-engine',
      });
      const state = JSON.parse(
        lease?.metadata.annotations?.['lifeboat.dev/engine-state'] ?? '{}',
      );
      expect(state).toMatchObject({ state: 'running' });
    });

    it('says what is wrong with a storage location', async () => {
      await createLocation('missing', { path: store('not-there') });
      const missing = await untilPhase('missing', 'Unavailable');
      expect(missing.status?.message).toContain('not-there does not exist');

      mkdirSync(store('foreign', 'photos'), { recursive: true });
      writeFileSync(store('foreign', 'photos', 'cat'), 'x');
      await createLocation('foreign', { path: store('foreign') });
      const foreign = await untilPhase('foreign', 'Unavailable');
      expect(foreign.status?.message).toContain(
        'invalid top-level directories: [photos]',
      );

      await createLocation('bucket', {}, false, { provider: 'aws' });
      const bucket = await untilPhase('bucket', 'Unavailable');
      expect(bucket.status?.message).toContain(
        'Secret cloud-credentials with the credentials does not exist',
      );

      await createLocation('unknown', {}, false, { provider: 'gcp' });
      const unknown = await untilPhase('unknown', 'Unavailable');
      expect(unknown.status?.message).toContain('"gcp" is not supported');
    }, 60_000);

    it('sees that a location has come back', async () => {
      mkdirSync(store('not-there'));
      await client.patch(
        veleroTypes.backupStorageLocations,
        { namespace, name: 'missing' },
        {
          contentType: 'merge',
          body: { spec: { validationFrequency: '1s' } },
        },
      );
      const found = await untilPhase('missing', 'Available');
      expect(found.status?.message ?? '').toBe('');
      expect(found.status?.lastValidationTime).toBeTruthy();
    }, 60_000);

    it('keeps one default location, the newest', async () => {
      // Creation times have seconds.
      await new Promise(resolve => setTimeout(resolve, 1100));
      mkdirSync(store('newer'));
      await createLocation('newer', { path: store('newer') }, true);
      await eventually('the older one is no default', async () => {
        return !(await getLocation('default'))?.spec.default;
      });
      expect((await getLocation('newer'))?.spec.default).toBe(true);
      await client.delete(veleroTypes.backupStorageLocations, {
        namespace,
        name: 'newer',
      });
      await client.patch(
        veleroTypes.backupStorageLocations,
        { namespace, name: 'default' },
        { contentType: 'merge', body: { spec: { default: true } } },
      );
    }, 60_000);

    it('makes backups by a schedule, with its labels and annotations', async () => {
      await client.create<Schedule>(veleroTypes.schedules, {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: {
          namespace,
          name: 'often',
          labels: { team: 'orders' },
          annotations: { 'example.com/why': 'test' },
        },
        spec: {
          schedule: '@every 1s',
          template: { includedNamespaces: ['shop'], snapshotVolumes: false },
        },
      });
      const made = await eventually('a scheduled backup', async () => {
        for await (const backup of client.list<Backup>(veleroTypes.backups, {
          namespace,
          labelSelector: 'velero.io/schedule-name=often',
        })) {
          if (backup.status?.phase === 'Completed') return backup;
        }
        return undefined;
      });
      expect(made.metadata.name).toMatch(/^often-\d{14}$/);
      expect(made.metadata.labels).toMatchObject({ team: 'orders' });
      expect(made.metadata.annotations).toMatchObject({
        'example.com/why': 'test',
      });
      await client.patch(
        veleroTypes.schedules,
        { namespace, name: 'often' },
        { contentType: 'merge', body: { spec: { paused: true } } },
      );
      const schedule = await client.get<Schedule>(veleroTypes.schedules, {
        namespace,
        name: 'often',
      });
      expect(schedule?.status).toMatchObject({ phase: 'Enabled' });
      expect(schedule?.status?.lastBackup).toBeTruthy();
    }, 60_000);

    it('refuses an invalid cron expression', async () => {
      await client.create<Schedule>(veleroTypes.schedules, {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: { namespace, name: 'wrong' },
        spec: { schedule: 'every day', template: {} },
      });
      const schedule = await eventually('it failed validation', async () => {
        const found = await client.get<Schedule>(veleroTypes.schedules, {
          namespace,
          name: 'wrong',
        });
        return found?.status?.phase === 'FailedValidation' && found;
      });
      expect(schedule.status?.validationErrors?.[0]).toContain('schedule');
    }, 60_000);

    it('pauses a schedule whose consent is lost, and says so', async () => {
      const shop = await client.get<KubernetesObject>(coreTypes.namespaces, {
        name: 'shop',
      });
      await client.create<Schedule>(
        veleroTypes.schedules,
        writeScope<Schedule>(
          {
            apiVersion: 'velero.io/v1',
            kind: 'Schedule',
            metadata: { namespace, name: 'consent' },
            spec: {
              schedule: '@every 1s',
              template: { includedNamespaces: ['shop'] },
            },
          },
          {
            entityRef: 'component:default/orders',
            cluster: 'test',
            namespace: 'shop',
            namespaceUid: shop?.metadata.uid ?? '',
            consent: {
              source: 'namespace',
              entities: ['component:default/orders'],
            },
          },
        ),
      );
      const schedule = await eventually('it is paused', async () => {
        const found = await client.get<Schedule>(veleroTypes.schedules, {
          namespace,
          name: 'consent',
        });
        return found?.spec.paused && found;
      });
      expect(schedule.status?.validationErrors?.[0]).toContain(
        'Namespace shop has not agreed',
      );
      expect(schedule.status?.validationErrors?.[0]).toContain(
        'kubectl annotate namespace shop',
      );
      for await (const backup of client.list<Backup>(veleroTypes.backups, {
        namespace,
        labelSelector: 'velero.io/schedule-name=consent',
      })) {
        throw new Error(`${backup.metadata.name} was made without consent`);
      }
    }, 60_000);

    it('deletes a backup with its files and restores', async () => {
      await createBackup('to-delete');
      expect(existsSync(store('main/backups/to-delete'))).toBe(true);
      mkdirSync(store('main/restores/back'), { recursive: true });
      writeFileSync(store('main/restores/back/restore-back-logs.gz'), '');
      await client.create<KubernetesObject>(veleroTypes.restores, {
        apiVersion: 'velero.io/v1',
        kind: 'Restore',
        metadata: {
          namespace,
          name: 'back',
          finalizers: ['restores.velero.io/external-resources-finalizer'],
        },
        spec: { backupName: 'to-delete' },
        status: { phase: 'Completed' },
      });
      await requestDeletion('to-delete');
      await untilGone('to-delete');
      expect(existsSync(store('main/backups/to-delete'))).toBe(false);
      expect(existsSync(store('main/restores/back'))).toBe(false);
      await eventually('restore and request are gone', async () => {
        const restore = await client.get(veleroTypes.restores, {
          namespace,
          name: 'back',
        });
        const request = await client.get(veleroTypes.deleteBackupRequests, {
          namespace,
          name: 'delete-to-delete',
        });
        return !restore && !request;
      });
    }, 60_000);

    it('takes up a deletion that an earlier engine began', async () => {
      const backup = await createBackup('half-deleted');
      rmSync(store('main/backups/half-deleted/velero-backup.json'));
      await client.replace<Backup>(veleroTypes.backups, {
        ...backup,
        status: { ...backup.status, phase: 'Deleting' },
      });
      await client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: {
            namespace,
            name: 'begun',
            labels: { 'velero.io/backup-uid': backup.metadata.uid ?? '' },
          },
          spec: { backupName: 'half-deleted' },
          status: { phase: 'InProgress' },
        },
      );
      await untilGone('half-deleted');
      expect(existsSync(store('main/backups/half-deleted'))).toBe(false);
    }, 60_000);

    it('says why a backup cannot be deleted, and keeps it in sight', async () => {
      await createBackup('kept');
      await client.patch(
        veleroTypes.backupStorageLocations,
        { namespace, name: 'default' },
        { contentType: 'merge', body: { spec: { accessMode: 'ReadOnly' } } },
      );
      await requestDeletion('kept');
      await requestDeletion('never-was');
      const errorsOf = (request: string) =>
        eventually(`request ${request} is Processed`, async () => {
          const found = await client.get<DeleteBackupRequest>(
            veleroTypes.deleteBackupRequests,
            { namespace, name: request },
          );
          return (
            found?.status?.phase === 'Processed' && found.status.errors?.[0]
          );
        });
      expect(await errorsOf('delete-kept')).toContain('read-only');
      expect(await errorsOf('delete-never-was')).toBe('backup not found');
      expect(await getBackup('kept')).toBeDefined();
      await client.patch(
        veleroTypes.backupStorageLocations,
        { namespace, name: 'default' },
        { contentType: 'merge', body: { spec: { accessMode: 'ReadWrite' } } },
      );
    }, 60_000);

    it('deletes what has expired, if this cluster owns the location', async () => {
      await createBackup('short-lived', { ttl: '1s' });
      await untilGone('short-lived');
      const owner = JSON.parse(
        readFileSync(store('main/metadata/lifeboat/expiry-owner.json'), 'utf8'),
      );
      expect(owner.clusterName).toBe('test');

      writeFileSync(
        store('main/metadata/lifeboat/expiry-owner.json'),
        JSON.stringify({ clusterId: 'another', clusterName: 'another' }),
      );
      await createBackup('not-ours', { ttl: '1s' });
      await new Promise(resolve => setTimeout(resolve, 3_000));
      expect(await getBackup('not-ours')).toBeDefined();
      rmSync(store('main/metadata/lifeboat/expiry-owner.json'));
      await untilGone('not-ours');
    }, 90_000);

    it('brings backups found in storage into the cluster', async () => {
      const before = await createBackup('found');
      await client.delete(veleroTypes.backups, { namespace, name: 'found' });
      const found = await untilCompleted('found');
      expect(found.metadata.uid).not.toBe(before.metadata.uid);
      expect(found.metadata.labels).toMatchObject({
        'velero.io/storage-location': 'default',
      });
      expect(found.status?.expiration).toBe(before.status?.expiration);
    }, 60_000);

    it('removes a Backup whose files are gone, but none for an empty bucket', async () => {
      await createBackup('vanishing');
      const marked = (backup: string) =>
        eventually(
          `${backup} was seen in storage`,
          async () =>
            (await getBackup(backup))?.metadata.annotations?.[
              'lifeboat.dev/stored-in'
            ] !== undefined,
        );
      await marked('vanishing');
      await marked('found');

      // The whole bucket looks empty: nothing may happen.
      renameSync(store('main/backups'), store('aside'));
      await new Promise(resolve => setTimeout(resolve, 4_000));
      expect(await getBackup('vanishing')).toBeDefined();
      renameSync(store('aside'), store('main/backups'));

      rmSync(store('main/backups/vanishing'), { recursive: true });
      await untilGone('vanishing');
      expect(await getBackup('found')).toBeDefined();
      expect(readdirSync(store('main/backups'))).toContain('found');
    }, 60_000);

    it('pauses while a Velero runs beside it, and resumes afterwards', async () => {
      await client.create<KubernetesObject>(coreTypes.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          namespace,
          name: 'velero-0',
          labels: { component: 'velero' },
        },
        spec: { containers: [{ name: 'velero', image: 'velero:test' }] },
      });
      await client.patch(
        coreTypes.pods,
        { namespace, name: 'velero-0' },
        {
          contentType: 'merge',
          body: {
            status: { conditions: [{ type: 'Ready', status: 'True' }] },
          },
        },
        { subresource: 'status' },
      );
      await engine.untilState('paused', 'test', 20_000);
      await client.create<Backup>(veleroTypes.backups, {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { namespace, name: 'waits' },
        spec: { includedNamespaces: ['shop'], snapshotVolumes: false },
      });
      await new Promise(resolve => setTimeout(resolve, 2_000));
      expect((await getBackup('waits'))?.status?.phase ?? 'New').toBe('New');
      await client.patch(
        coreTypes.pods,
        { namespace, name: 'velero-0' },
        {
          contentType: 'merge',
          body: {
            status: { conditions: [{ type: 'Ready', status: 'False' }] },
          },
        },
        { subresource: 'status' },
      );
      await client.delete(coreTypes.pods, { namespace, name: 'velero-0' });
      await engine.untilState('leading', 'test', 20_000);
      await untilCompleted('waits');
    }, 90_000);

    it('ends in order when asked to, and gives the lease back', async () => {
      expect(await engine.stop()).toBe(0);
      const lease = await client.get<KubernetesObject>(coreTypes.leases, {
        namespace,
        name: 'lifeboat-engine',
      });
      expect(lease?.spec).toMatchObject({ holderIdentity: '' });
    }, 30_000);
  });
}
