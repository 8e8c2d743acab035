import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import type {
  DataDownload,
  PodVolumeRestore,
  Restore,
  ResourceList,
  RestoreOperation,
  RestoreVolumeInfo,
  RunResults,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import { startDevCluster } from '../cluster/startDevCluster';
import { controlNamespace, EngineStage } from '../engine/EngineStage';
import { DataPathStage } from '../volumes/DataPathStage';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { copyBucket } from './copyBucket';
import { listVolume, readListing } from './listVolume';

const fixtures = process.env.LIFEBOAT_FIXTURES ?? '';
const fixture = path.join(fixtures, 'velero-bucket');
const describeBucket =
  fixtures && existsSync(fixture) ? describe : describe.skip;

const backups = [
  'move',
  'fsb',
  'csi',
  'objects',
  'labelled',
  'partial',
  'sched-20261123081621',
];

/** What a real Velero wrote comes back: objects and the content of volumes, byte for byte. */
describeBucket('restores of what a real Velero backed up', () => {
  let data: DataPathStage;
  let stage: EngineStage;
  let baseline: ClusterBaseline;

  const storage = (...segments: string[]) =>
    path.join(stage.folder, 'storage', 'bucket', 'velero', ...segments);
  const leaks = () =>
    findLeaks(stage.client, baseline, {
      namespaces: ['shop-moved', 'shop-files'],
    });
  const restoreFile = <T>(restore: string, file: string) =>
    stage.readJson<T>('bucket', 'velero', 'restores', restore, file);
  const listing = (volume: string) =>
    readListing(
      path.join(fixture, 'cluster', 'volumes', `shop_${volume}.jsonl`),
    );
  const ended = async (name: string, spec: Restore['spec']) => {
    await stage.createRestore(name, spec);
    const restore = await stage.restoreEnd(name, 180_000);
    expect(restore.status?.validationErrors ?? []).toEqual([]);
    return restore;
  };
  /** What is in a claim, seen by a pod of its own: the application's containers do nothing here. */
  const contentOf = async (namespace: string, claim: string) => {
    const reader = `reads-${claim}`;
    await data.runPod(namespace, reader, claim);
    return listVolume(await data.folderOf(namespace, reader, claim)).filter(
      entry => !entry.path.startsWith('.velero'),
    );
  };
  const podOf = async (namespace: string, part: string) => {
    const names: string[] = [];
    for await (const pod of stage.client.list(coreTypes.pods, {
      namespace,
      labelSelector: `app=shop,part=${part}`,
    })) {
      names.push(pod.metadata.name ?? '');
    }
    return names;
  };

  beforeAll(async () => {
    data = await DataPathStage.start(
      () => startDevCluster({ runtimes: volumeRuntimes() }),
      {
        fileSystemBackup: { enabled: true },
        sync: { periodSeconds: 1, phases: ['Completed', 'PartiallyFailed'] },
      },
    );
    stage = data.stage;
    await copyBucket(path.join(fixture, 'bucket'), stage.storage('bucket'));
    await stage.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        namespace: controlNamespace,
        name: 'velero-repo-credentials',
      },
      data: {
        'repository-password': Buffer.from(
          readFileSync(
            path.join(fixture, 'cluster', 'kopia', 'password.txt'),
            'utf8',
          ).trim(),
        ).toString('base64'),
      },
    });
    // The storage class of the source cluster is unknown here.
    await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        namespace: controlNamespace,
        name: 'storage-classes',
        labels: {
          'velero.io/plugin-config': '',
          'velero.io/change-storage-class': 'RestoreItemAction',
        },
      },
      data: { 'csi-hostpath': 'folders' },
    });
    await stage.createLocation('velero', stage.storage('bucket'), {
      objectStorage: { bucket: 'fixture', prefix: 'velero' },
    });
    baseline = await takeBaseline(stage.client);
  }, 180_000);

  afterAll(async () => {
    await data?.stop();
  }, 60_000);

  it('lists all of them, the partial one too', async () => {
    for (const name of backups) {
      await eventually(`${name} is synchronised`, async () =>
        stage.getBackup(name),
      );
    }
  });

  it('brings moved volumes back into another namespace and storage class', async () => {
    const restore = await ended('moved-back', {
      backupName: 'move',
      namespaceMapping: { shop: 'shop-moved' },
      includedNamespaces: ['shop'],
    });
    const results = restoreFile<RunResults>(
      'moved-back',
      'restore-moved-back-results.gz',
    );
    expect(JSON.stringify(results.errors)).not.toMatch(/claim|volume/);
    expect(restore.status).toMatchObject({
      restoreItemOperationsAttempted: 2,
      restoreItemOperationsCompleted: 2,
    });
    expect(await contentOf('shop-moved', 'data-db-0')).toEqual(
      listing('data-db-0'),
    );
    expect(await contentOf('shop-moved', 'uploads')).toEqual(
      listing('uploads'),
    );
    const claim = await data.get(
      coreTypes.persistentVolumeClaims,
      'shop-moved',
      'data-db-0',
    );
    expect(claim).toMatchObject({
      spec: { storageClassName: 'folders' },
      status: { phase: 'Bound' },
    });
    expect(
      restoreFile<RestoreOperation[]>(
        'moved-back',
        'restore-moved-back-itemoperations.json.gz',
      ).map(({ status }) => status),
    ).toEqual([
      expect.objectContaining({ phase: 'Completed', nTotal: 284410 }),
      expect.objectContaining({ phase: 'Completed', nTotal: 203 }),
    ]);
    expect(
      restoreFile<RestoreVolumeInfo[]>(
        'moved-back',
        'moved-back-volumeinfo.json.gz',
      ),
    ).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          pvcName: 'data-db-0',
          pvcNamespace: 'shop-moved',
          restoreMethod: 'CSISnapshot',
          snapshotDataMoved: true,
        }),
      ]),
    );
    expect(await leaks()).toEqual([]);
  }, 240_000);

  it('writes the same objects as Velero did, but for what the cluster makes itself', () => {
    const names = (list: ResourceList, type: string, namespace: string) =>
      (list[type] ?? [])
        .filter(entry => entry.endsWith('(created)'))
        .map(entry => entry.replace(`${namespace}/`, ''));
    const ours = restoreFile<ResourceList>(
      'moved-back',
      'restore-moved-back-resource-list.json.gz',
    );
    const theirs = restoreFile<ResourceList>(
      'move-restored',
      'restore-move-restored-resource-list.json.gz',
    );
    for (const type of [
      'apps/v1/Deployment',
      'apps/v1/ReplicaSet',
      'apps/v1/StatefulSet',
      'batch/v1/CronJob',
      'v1/PersistentVolumeClaim',
      'v1/ConfigMap',
      'v1/Secret',
      'v1/Service',
    ]) {
      expect([type, names(ours, type, 'shop-moved')]).toEqual([
        type,
        names(theirs, type, 'shop-restored'),
      ]);
    }
  });

  it('brings files back through the restored pods, which their controllers adopt', async () => {
    const restore = await ended('files-back', {
      backupName: 'fsb',
      namespaceMapping: { shop: 'shop-files' },
      includedNamespaces: ['shop'],
    });
    const results = restoreFile<RunResults>(
      'files-back',
      'restore-files-back-results.gz',
    );
    expect(JSON.stringify(results.errors)).not.toMatch(/claim|volume|pod/);
    expect(restore.status?.phase).toMatch(/Completed|PartiallyFailed/);
    expect(await contentOf('shop-files', 'data-db-0')).toEqual(
      listing('data-db-0'),
    );
    expect(await contentOf('shop-files', 'uploads')).toEqual(
      listing('uploads'),
    );
    const [files] = await podOf('shop-files', 'files');
    expect(files).toBe('files-59f4cb6658-v4pws');
    const owners = async (name: string) =>
      (
        await data.get(coreTypes.pods, 'shop-files', name)
      )?.metadata.ownerReferences?.map(({ kind, name: owner }) => [
        kind,
        owner,
      ]);
    expect(await owners('db-0')).toEqual([['StatefulSet', 'db']]);
    expect(await owners(files)).toEqual([['ReplicaSet', 'files-59f4cb6658']]);
    expect((await podOf('shop-files', 'web')).sort()).toEqual([
      'web-f8cf56b45-7bs5w',
      'web-f8cf56b45-jl6d9',
    ]);
    const restores: PodVolumeRestore[] = [];
    for await (const each of stage.client.list<PodVolumeRestore>(
      veleroTypes.podVolumeRestores,
      { namespace: controlNamespace },
    )) {
      restores.push(each);
    }
    expect(restores.map(({ status }) => status?.phase)).toEqual([
      'Completed',
      'Completed',
      'Completed',
      'Completed',
    ]);
    expect(await leaks()).toEqual([]);
  }, 240_000);

  it('brings files back into claims where nodes may not be used', async () => {
    await stage.restartEngine({}, { fileSystemBackup: { enabled: false } });
    const restore = await ended('files-as-volumes', {
      backupName: 'fsb',
      namespaceMapping: { shop: 'shop-volumes' },
      includedNamespaces: ['shop'],
      includedResources: ['persistentvolumeclaims', 'statefulsets'],
    });
    expect(restore.status?.phase).toBe('Completed');
    expect(await contentOf('shop-volumes', 'data-db-0')).toEqual(
      listing('data-db-0'),
    );
    const downloads: DataDownload[] = [];
    for await (const each of stage.client.list<DataDownload>(
      veleroTypes.dataDownloads,
      {
        namespace: controlNamespace,
        labelSelector: 'velero.io/restore-name=files-as-volumes',
      },
    )) {
      downloads.push(each);
    }
    expect(downloads.map(({ spec }) => spec.snapshotSize).sort()).toEqual([
      203, 284410,
    ]);
  }, 120_000);

  it.each(['objects', 'labelled', 'partial', 'sched-20261123081621'])(
    'restores %s',
    async name => {
      const restore = await ended(`again-${name}`, {
        backupName: name,
        namespaceMapping: { shop: `${name}-shop`, 'shop-b': `${name}-shop-b` },
        includedNamespaces: ['shop', 'shop-b'],
        includeClusterResources: false,
      });
      expect(restore.status?.phase).toMatch(/^(Completed|PartiallyFailed)$/);
      const errors = JSON.stringify(
        restoreFile<RunResults>(
          `again-${name}`,
          `restore-again-${name}-results.gz`,
        ).errors,
      ).replace(/"[^"]* are not served by this cluster[^"]*",?/g, '');
      expect(errors).not.toMatch(/error /);
    },
    120_000,
  );

  it('says of data that never was in the bucket that it cannot be restored', async () => {
    const restore = await ended('snapshots', {
      backupName: 'csi',
      namespaceMapping: { shop: 'shop-csi' },
      includedNamespaces: ['shop'],
      includedResources: ['persistentvolumeclaims'],
      itemOperationTimeout: '10s',
    });
    expect(restore.status?.phase).toBe('PartiallyFailed');
  }, 120_000);

  it('leaves the bucket as it was', () => {
    expect(existsSync(storage('backups', 'move', 'velero-backup.json'))).toBe(
      true,
    );
  });
});
