import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  snapshotTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  writeScope,
  type Backup,
  type BackupOperation,
  type BackupVolumeInfo,
  type DataUpload,
  type PodVolumeBackup,
  type RunResults,
} from '@lifeboat/velero-api';
import { gunzipSync } from 'node:zlib';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { readTarball } from '../engine/readTarball';
import { DataPathStage, type Live } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

const plural = (kind: string, folder = 'namespaces/shop') =>
  `resources/${kind}/${folder}`;

/** Backups that take the data of volumes, with hooks, on any cluster with the stories' storage. */
export function volumeBackupStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`backups of volumes on ${clusterName}`, () => {
    let stage: DataPathStage;
    let application: HookedApplication;

    const file = <T>(backup: string, name: string) =>
      stage.stage.readJson<T>('backups', backup, `${backup}-${name}`);
    const results = (backup: string) => file<RunResults>(backup, 'results.gz');
    const log = (backup: string) =>
      gunzipSync(
        readFileSync(
          stage.stage.storage('backups', backup, `${backup}-logs.gz`),
        ),
      ).toString('utf8');
    const tarball = async (backup: string) =>
      new Map(
        (
          await readTarball(
            stage.stage.storage('backups', backup, `${backup}.tar.gz`),
          )
        ).map(({ name, text }) => [name, text]),
      );
    const scoped = async () => {
      const shop = await stage.client.get<KubernetesObject>(
        coreTypes.namespaces,
        { name: 'shop' },
      );
      return writeScope(
        { metadata: {} },
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
      ).metadata;
    };

    const isFrozen = () => application.isFrozen();

    beforeAll(async () => {
      stage = await DataPathStage.start(start);
      await stage.createNamespace('shop', {
        labels: { 'lifeboat.dev/hooks': 'enabled' },
        annotations: {
          'lifeboat.dev/entities': 'component:default/orders',
        },
      });
      application = await HookedApplication.start(stage, 'shop');
    }, 120_000);

    afterEach(async () => {
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 60_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('moves the data of an application’s volumes, snapshotted between its hooks', async () => {
      const began = Date.now();
      const backup = await stage.stage.makeBackup('moved', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      const lasted = (Date.now() - began) / 1000;
      expect(results('moved').errors).toEqual({});
      expect(backup.status).toMatchObject({
        phase: 'Completed',
        hookStatus: { hooksAttempted: 2 },
        csiVolumeSnapshotsAttempted: 2,
        backupItemOperationsAttempted: 2,
        backupItemOperationsCompleted: 2,
      });
      expect(backup.metadata.annotations).toMatchObject({
        'lifeboat.dev/volumes': '{"count":2,"included":2}',
        'lifeboat.dev/freeze-seconds': expect.any(String),
      });
      expect(backup.metadata.annotations).not.toHaveProperty(
        'lifeboat.dev/frozen',
      );
      expect(isFrozen()).toBe(false);
      expect(lasted).toBeLessThan(20);

      expect(stage.stage.files('backups', 'moved')).toEqual([
        'moved-itemoperations.json.gz',
        'moved-lifeboat-record.json.gz',
        'moved-logs.gz',
        'moved-podvolumebackups.json.gz',
        'moved-resource-list.json.gz',
        'moved-results.gz',
        'moved-volumeinfo.json.gz',
        'moved-volumesnapshots.json.gz',
        'moved.tar.gz',
        'velero-backup.json',
      ]);
      const infos = file<BackupVolumeInfo[]>('moved', 'volumeinfo.json.gz');
      expect(infos).toHaveLength(2);
      expect(infos[0]).toMatchObject({
        pvcNamespace: 'shop',
        pvName: expect.stringContaining('pvc-'),
        backupMethod: 'CSISnapshot',
        snapshotDataMoved: true,
        preserveLocalSnapshot: false,
        skipped: false,
        result: 'succeeded',
        snapshotDataMovementInfo: {
          dataMover: 'velero',
          uploaderType: 'kopia',
          snapshotHandle: expect.stringMatching(/^[0-9a-f]{32}$/),
          operationID: expect.stringMatching(/^du-/),
          Phase: 'Completed',
        },
        pvInfo: { reclaimPolicy: 'Delete' },
      });
      const operations = file<BackupOperation[]>(
        'moved',
        'itemoperations.json.gz',
      );
      expect(operations.map(({ status }) => status.phase)).toEqual([
        'Completed',
        'Completed',
      ]);
      expect(operations[0].spec).toMatchObject({
        backupItemAction: 'velero.io/csi-pvc-backupper',
        postOperationItems: [{ Group: 'velero.io', Resource: 'datauploads' }],
      });
      await stage.expectNothingLeft();
    }, 120_000);

    it('writes a tarball from which Velero restores moved data', async () => {
      const entries = await tarball('moved');
      expect([...entries.keys()][0]).toBe('metadata/version');
      const claim = JSON.parse(
        entries.get(`${plural('persistentvolumeclaims')}/data.json`) ?? '',
      );
      const [namespace, name] =
        claim.metadata.annotations['velero.io/data-upload-name'].split('/');
      expect(namespace).toBe(controlNamespace);
      expect(claim.metadata.labels).toMatchObject({
        part: 'data',
        'velero.io/backup-name': 'moved',
        'velero.io/volume-snapshot-name':
          claim.metadata.annotations['velero.io/volume-snapshot-name'],
      });
      const plain = `${plural(
        'datauploads.velero.io',
        `namespaces/${controlNamespace}`,
      )}/${name}.json`;
      const upload = JSON.parse(entries.get(plain) ?? '') as DataUpload;
      expect(upload).toMatchObject({
        kind: 'DataUpload',
        spec: {
          sourceNamespace: 'shop',
          sourcePVC: 'data',
          snapshotType: 'CSI',
          backupStorageLocation: 'default',
        },
        status: {
          phase: 'Completed',
          snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
      });
      expect(
        entries.get(
          plain.replace(
            'datauploads.velero.io/',
            'datauploads.velero.io/v2alpha1-preferredversion/',
          ),
        ),
      ).toBe(entries.get(plain));
      const list = file<{ [type: string]: string[] }>(
        'moved',
        'resource-list.json.gz',
      );
      expect(list['velero.io/v2alpha1/DataUpload']).toHaveLength(2);
      expect(1 + 2 * Object.values(list).flat().length).toBe(entries.size);
    }, 60_000);

    it('keeps CSI snapshots in the storage, with their facts in the tarball', async () => {
      const backup = await stage.stage.makeBackup('kept', {
        includedNamespaces: ['shop'],
      });
      expect(results('kept').errors).toEqual({});
      expect(backup.status).toMatchObject({
        phase: 'Completed',
        csiVolumeSnapshotsAttempted: 2,
        csiVolumeSnapshotsCompleted: 2,
      });
      const info = file<BackupVolumeInfo[]>('kept', 'volumeinfo.json.gz').find(
        ({ pvcName }) => pvcName === 'data',
      );
      expect(info).toMatchObject({
        backupMethod: 'CSISnapshot',
        snapshotDataMoved: false,
        preserveLocalSnapshot: true,
        result: 'succeeded',
        csiSnapshotInfo: {
          driver: 'folders.dev-cluster.lifeboat.dev',
          ReadyToUse: true,
        },
      });
      const entries = await tarball('kept');
      const [snapshotPath] = [...entries.keys()].filter(name =>
        name.startsWith(plural('volumesnapshots.snapshot.storage.k8s.io')),
      );
      const snapshot = JSON.parse(entries.get(snapshotPath) ?? '');
      expect(snapshot.metadata.annotations).toMatchObject({
        'velero.io/csi-driver-name': 'folders.dev-cluster.lifeboat.dev',
        'velero.io/csi-vsc-deletion-policy': 'Delete',
      });
      expect(
        snapshot.metadata.annotations['velero.io/csi-volumesnapshot-handle'],
      ).toBeTruthy();
      const content = JSON.parse(
        entries.get(
          `${plural(
            'volumesnapshotcontents.snapshot.storage.k8s.io',
            'cluster',
          )}/${snapshot.status.boundVolumeSnapshotContentName}.json`,
        ) ?? '',
      );
      expect(content).toMatchObject({
        metadata: { labels: { 'velero.io/backup-name': 'kept' } },
        status: { readyToUse: true },
      });
      expect(
        entries.has(
          `${plural(
            'volumesnapshotclasses.snapshot.storage.k8s.io',
            'cluster',
          )}/folders.json`,
        ),
      ).toBe(true);
      // Users see no VolumeSnapshot after a backup; the storage keeps what the backup needs.
      for (const type of [
        snapshotTypes.volumeSnapshots,
        snapshotTypes.volumeSnapshotContents,
      ]) {
        for await (const found of stage.client.list(type)) {
          expect(found.metadata.deletionTimestamp).toBeTruthy();
        }
      }
      await eventually('only the storage’s snapshots are left', async () => {
        const left = await stage.leftovers();
        return left.length === 2 && left.every(name => /^snapshot /.test(name));
      });
      expect(info?.csiSnapshotInfo?.snapshotHandle).toBe(
        snapshot.metadata.annotations['velero.io/csi-volumesnapshot-handle'],
      );
      await forgetDriverSnapshots(stage);
    }, 120_000);

    it('names the volume whose snapshot fails, wakes the application and leaves nothing', async () => {
      await stage.faults({ 'snapshot-error': 'the array is full' });
      const backup = await stage.stage.makeBackup('full', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
        csiSnapshotTimeout: '2s',
      });
      await stage.faults({ 'snapshot-error': null });
      expect(backup.status?.phase).toBe('PartiallyFailed');
      expect(isFrozen()).toBe(false);
      expect(JSON.stringify(results('full').errors)).toMatch(
        /volume claim data: its snapshot failed.*the array is full/,
      );
      const entries = await tarball('full');
      expect(entries.has(`${plural('persistentvolumeclaims')}/data.json`)).toBe(
        false,
      );
      expect(entries.has(`${plural('pods')}/db.json`)).toBe(true);
      expect(
        file<BackupVolumeInfo[]>('full', 'volumeinfo.json.gz'),
      ).toMatchObject([
        { skipped: true, result: 'failed' },
        { skipped: true, result: 'failed' },
      ]);
      await stage.expectNothingLeft();
    }, 120_000);

    it('tolerates errors of the storage that pass', async () => {
      await stage.faults({
        'snapshot-error': 'busy',
        'snapshot-error-times': '2',
      });
      const backup = await stage.stage.makeBackup('busy', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await stage.faults({
        'snapshot-error': null,
        'snapshot-error-times': null,
      });
      expect(backup.status?.phase).toBe('Completed');
      await stage.expectNothingLeft();
    }, 120_000);

    it('says in a component’s backup which volume cannot be taken', async () => {
      await stage.client.create<Live>(coreTypes.persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { namespace: 'shop', name: 'scratch' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          storageClassName: 'plain',
        },
      });
      await stage.runPod('shop', 'uses-scratch', 'scratch');
      const backup = await stage.stage.makeBackup(
        'component',
        { includedNamespaces: ['shop'], snapshotMoveData: true },
        await scoped(),
      );
      expect(backup.status?.validationErrors).toBeUndefined();
      expect(backup.status?.phase).toBe('PartiallyFailed');
      expect(results('component').errors.namespaces?.shop).toEqual([
        expect.stringMatching(
          /name: \/scratch message: .*no VolumeSnapshotClass for driver plain.*file-system backup is off/,
        ),
      ]);
      expect(backup.metadata.annotations?.['lifeboat.dev/volumes']).toBe(
        '{"count":3,"included":2}',
      );
      await stage.expectNothingLeft();
    }, 120_000);

    it('skips what a resource policy says', async () => {
      await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: controlNamespace, name: 'policies' },
        data: {
          policies: [
            'version: v1',
            'volumePolicies:',
            '- conditions: { pvcLabels: { part: uploads } }',
            '  action: { type: skip }',
            '- conditions: { storageClass: [plain] }',
            '  action: { type: skip }',
          ].join('\n'),
        },
      });
      const resourcePolicy = { kind: 'configmap', name: 'policies' };
      const backup = await stage.stage.makeBackup('policies', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
        resourcePolicy,
      });
      expect(backup.status?.phase).toBe('Completed');
      expect(
        file<BackupVolumeInfo[]>('policies', 'volumeinfo.json.gz').map(
          ({ pvcName, skipped }) => [pvcName, skipped],
        ),
      ).toEqual(
        expect.arrayContaining([
          ['data', false],
          ['uploads', true],
          ['scratch', true],
        ]),
      );
      expect(log('policies')).toContain('a resource policy says');

      await stage.client.patch(
        coreTypes.configMaps,
        { namespace: controlNamespace, name: 'policies' },
        { contentType: 'merge', body: { data: { policies: 'version: v2' } } },
      );
      const refused = await stage.stage.makeBackup('bad-policies', {
        includedNamespaces: ['shop'],
        resourcePolicy,
      });
      expect(refused.status).toMatchObject({
        phase: 'FailedValidation',
        validationErrors: [
          expect.stringContaining(
            'version: "v2" is not supported; the only version is v1',
          ),
        ],
      });
      await stage.client.delete(coreTypes.configMaps, {
        namespace: controlNamespace,
        name: 'policies',
      });
      await stage.client.delete(coreTypes.pods, {
        namespace: 'shop',
        name: 'uses-scratch',
      });
      await stage.client.delete(coreTypes.persistentVolumeClaims, {
        namespace: 'shop',
        name: 'scratch',
      });
    }, 120_000);

    it('cancels a backup whose data is being moved', async () => {
      await stage.faults({ 'copy-bytes-per-second': '500' });
      await stage.stage.createBackup('slow', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await waitsForData(stage, 'slow');
      await cancel(stage, 'slow');
      const backup = await stage.stage.backupEnd('slow', 60_000);
      await stage.faults({ 'copy-bytes-per-second': null });
      expect(backup.status).toMatchObject({
        phase: 'Failed',
        failureReason: 'Canceled by user:default/ann',
      });
      expect(stage.stage.files('backups', 'slow')).toEqual([]);
      await stage.expectNothingLeft();
    }, 120_000);

    it('goes on after a crash while data is being moved', async () => {
      await stage.faults({ 'provision-delay-ms': '4000' });
      await stage.stage.createBackup('crash', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await waitsForData(stage, 'crash');
      process.kill(stage.stage.engine.pid, 'SIGKILL');
      await stage.faults({ 'provision-delay-ms': null });
      await stage.stage.restartEngine();
      const backup = await stage.stage.backupEnd('crash', 60_000);
      expect(backup.status?.phase).toBe('Completed');
      expect(
        file<BackupVolumeInfo[]>('crash', 'volumeinfo.json.gz').every(
          ({ result }) => result === 'succeeded',
        ),
      ).toBe(true);
      await stage.expectNothingLeft();
    }, 120_000);

    it('wakes an application that a killed engine left frozen, first of all', async () => {
      await stage.faults({ 'snapshot-create-delay-ms': '20000' });
      await stage.stage.createBackup('frozen', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await eventually('the application is frozen', async () => isFrozen());
      process.kill(stage.stage.engine.pid, 'SIGKILL');
      await stage.faults({ 'snapshot-create-delay-ms': null });
      expect(isFrozen()).toBe(true);
      const began = Date.now();
      await stage.stage.restartEngine();
      await eventually('the application is awake', async () => !isFrozen());
      expect(Date.now() - began).toBeLessThan(10_000);
      const backup = await stage.stage.backupEnd('frozen', 60_000);
      expect(backup.status?.phase).toBe('Failed');
      expect(backup.status?.failureReason).toContain(
        'the engine stopped while this backup was running',
      );
      await eventually('nobody counts it as frozen', async () => {
        const found = await stage.stage.getBackup('frozen');
        return !found?.metadata.annotations?.['lifeboat.dev/frozen'];
      });
      await stage.expectNothingLeft();
    }, 120_000);

    it('wakes what it froze before it ends on purpose', async () => {
      await stage.faults({ 'snapshot-create-delay-ms': '5000' });
      await stage.stage.createBackup('ended', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await eventually('the application is frozen', async () => isFrozen());
      await stage.stage.engine.stop();
      expect(isFrozen()).toBe(false);
      await stage.faults({ 'snapshot-create-delay-ms': null });
      await stage.stage.restartEngine();
      const backup = await stage.stage.backupEnd('ended', 60_000);
      expect(backup.status?.phase).toBe('Failed');
      await stage.expectNothingLeft();
    }, 120_000);

    it('leaves nothing of a backup that is deleted while its data is moved', async () => {
      await stage.faults({ 'copy-bytes-per-second': '500' });
      await stage.stage.createBackup('deleted', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await waitsForData(stage, 'deleted');
      await stage.client.delete(veleroTypes.backups, {
        namespace: controlNamespace,
        name: 'deleted',
      });
      await stage.faults({ 'copy-bytes-per-second': null });
      await eventually(
        'its files are gone',
        async () => stage.stage.files('backups', 'deleted').length === 0,
      );
      await stage.expectNothingLeft();
    }, 120_000);

    it('copies the files of running pods, between their hooks', async () => {
      await stage.stage.restartEngine(
        {},
        {
          fileSystemBackup: {
            enabled: true,
            hostPodsPath: await podsPath(stage),
          },
        },
      );
      const backup = await stage.stage.makeBackup('files', {
        includedNamespaces: ['shop'],
        defaultVolumesToFsBackup: true,
      });
      expect(results('files').errors).toEqual({});
      expect(backup.status).toMatchObject({
        phase: 'Completed',
        hookStatus: { hooksAttempted: 2 },
      });
      expect(backup.status?.backupItemOperationsAttempted).toBeUndefined();
      expect(isFrozen()).toBe(false);
      const infos = file<BackupVolumeInfo[]>('files', 'volumeinfo.json.gz');
      expect(infos).toHaveLength(3);
      for (const info of infos) {
        expect(info).toMatchObject({
          backupMethod: 'PodVolumeBackup',
          snapshotDataMoved: false,
          skipped: false,
          result: 'succeeded',
          pvbInfo: {
            podName: 'db',
            podNamespace: 'shop',
            uploaderType: 'kopia',
            Phase: 'Completed',
            snapshotHandle: expect.stringMatching(/^[0-9a-f]{32}$/),
          },
        });
      }
      expect(
        infos.map(({ pvcName, pvbInfo }) => [pvcName, pvbInfo?.volumeName]),
      ).toEqual([
        ['data', 'data'],
        ['uploads', 'uploads'],
        [undefined, 'scratch'],
      ]);
      const copies = file<PodVolumeBackup[]>(
        'files',
        'podvolumebackups.json.gz',
      );
      expect(copies).toHaveLength(3);
      expect(copies.find(({ spec }) => spec.volume === 'data')).toMatchObject({
        metadata: { annotations: { 'velero.io/pvc-name': 'data' } },
        spec: {
          pod: { kind: 'Pod', namespace: 'shop', name: 'db' },
          tags: { ns: 'shop', pod: 'db', volume: 'data' },
        },
        status: { phase: 'Completed' },
      });
      await stage.expectNothingLeft();
    }, 120_000);

    it.each([
      ['moved', { snapshotMoveData: true }],
      ['copied', { defaultVolumesToFsBackup: true }],
    ])(
      'says of %s data what a snapshot cannot hold',
      async (how, options) => {
        const { data } = application.folders;
        const names = ['one', 'two', 'pipe'].map(name => path.join(data, name));
        writeFileSync(names[0], 'the same');
        linkSync(names[0], names[1]);
        execFileSync('mkfifo', [names[2]]);
        const backup = await stage.stage.makeBackup(`odd-${how}`, {
          includedNamespaces: ['shop'],
          ...options,
        });
        names.forEach(name => rmSync(name));
        expect(backup.status?.phase).toBe('Completed');
        const { warnings } = results(`odd-${how}`);
        expect(warnings.namespaces?.shop).toEqual(
          expect.arrayContaining([
            expect.stringMatching(
              /shop.*data: 2 hard links are stored as files of their own/,
            ),
            expect.stringMatching(
              /shop.*data: 1 sockets, FIFOs or devices are left out/,
            ),
          ]),
        );
        expect(backup.status?.warnings).toBeGreaterThanOrEqual(2);
        await stage.expectNothingLeft();
      },
      120_000,
    );

    it('names a volume whose files cannot be moved', async () => {
      await stage.faults({ 'image-missing': 'lifeboat/data-mover*' });
      const backup = await stage.stage.makeBackup('no-image', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      await stage.faults({ 'image-missing': null });
      expect(backup.status).toMatchObject({
        phase: 'PartiallyFailed',
        backupItemOperationsFailed: 2,
      });
      expect(results('no-image').errors.namespaces?.shop).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /name: \/data message: \/the data of volume shop\/data is not in the backup error: .*Failed/,
          ),
        ]),
      );
      expect(backup.metadata.annotations?.['lifeboat.dev/volumes']).toBe(
        '{"count":2,"included":0}',
      );
      await stage.expectNothingLeft();
    }, 120_000);
  });
}

async function waitsForData(
  { stage }: DataPathStage,
  name: string,
): Promise<void> {
  await eventually(`backup ${name} waits for its data`, async () => {
    const backup = await stage.getBackup(name);
    return backup?.status?.phase?.startsWith('WaitingForPluginOperations');
  });
}

/** The node's folder of pods, as the node itself shows it. */
async function podsPath({ client }: DataPathStage): Promise<string> {
  for await (const node of client.list(coreTypes.nodes)) {
    const found =
      node.metadata.annotations?.['dev-cluster.lifeboat.dev/pods-path'];
    if (found) return found;
  }
  throw new Error('no node shows where its pods are');
}

async function cancel({ stage }: DataPathStage, name: string): Promise<void> {
  const backup = (await stage.getBackup(name)) as Backup;
  await stage.client.patch(
    veleroTypes.backups,
    { namespace: backup.metadata.namespace, name },
    {
      contentType: 'merge',
      body: {
        metadata: {
          annotations: {
            'lifeboat.dev/cancel-requested': 'user:default/ann',
          },
        },
      },
    },
  );
}

/** Deletes the snapshots that the storage kept, as a restore's static contents would. */
async function forgetDriverSnapshots({ client }: DataPathStage): Promise<void> {
  const driver = await client.get<Live>(coreTypes.configMaps, {
    namespace: 'kube-system',
    name: 'dev-cluster-driver',
  });
  for (const [index, handle] of Object.keys(
    (driver?.data as object) ?? {},
  ).entries()) {
    const name = `forget-${index}`;
    await client.create<Live>(snapshotTypes.volumeSnapshotContents, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotContent',
      metadata: { name },
      spec: {
        deletionPolicy: 'Delete',
        driver: 'folders.dev-cluster.lifeboat.dev',
        source: { snapshotHandle: handle },
        volumeSnapshotRef: { namespace: 'shop', name },
      },
    });
    await client.create<Live>(snapshotTypes.volumeSnapshots, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { namespace: 'shop', name },
      spec: { source: { volumeSnapshotContentName: name } },
    });
    await eventually('the snapshot is bound', async () => {
      const found = await client.get<Live>(snapshotTypes.volumeSnapshots, {
        namespace: 'shop',
        name,
      });
      return found?.status?.readyToUse === true;
    });
    await client.delete(snapshotTypes.volumeSnapshots, {
      namespace: 'shop',
      name,
    });
  }
}
