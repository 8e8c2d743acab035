import { cpSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  BackupContents,
  coreTypes,
  FilesystemObjectStore,
  ObjectBackupStore,
  type KubernetesObject,
} from '@lifeboat/engine';
import type { ResourceList, RunResults } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { startDevCluster } from '../cluster/startDevCluster';
import { EngineStage } from './EngineStage';

const fixtures = process.env.LIFEBOAT_FIXTURES ?? '';
const bucket = path.join(fixtures, 'velero-bucket', 'bucket');
const describeBucket =
  fixtures && existsSync(bucket) ? describe : describe.skip;

/** A bucket that a real Velero wrote. */
describeBucket('backups of a real Velero', () => {
  let stage: EngineStage;
  let store: ObjectBackupStore;

  beforeAll(async () => {
    stage = await EngineStage.start(() => startDevCluster());
    cpSync(bucket, stage.storage('bucket'), { recursive: true });
    store = new ObjectBackupStore(
      new FilesystemObjectStore(stage.storage('bucket')),
      { name: 'velero', prefix: 'velero' },
    );
    await stage.createLocation('velero', stage.storage('bucket'), {
      objectStorage: { bucket: 'fixture', prefix: 'velero' },
    });
  }, 120_000);

  afterAll(async () => {
    await stage?.stop();
  }, 60_000);

  const names = existsSync(bucket)
    ? readdirSync(path.join(bucket, 'velero', 'backups'))
    : [];

  it('has seven', () => {
    expect(names).toHaveLength(7);
  });

  it.each(names)('reads %s: its objects are those of its list', async name => {
    const contents = await BackupContents.unpack(
      Readable.from(await store.readContents(name)),
      path.join(stage.folder, `contents-${name}`),
    );
    const list = await store.getBackupJson<ResourceList>(name, 'resourceList');
    const found: { [type: string]: string[] } = {};
    for (const type of contents.types()) {
      for (const item of contents.itemsOf(type)) {
        const object = await contents.read(item);
        expect(object.metadata.name).toBe(item.name);
        const key = `${object.apiVersion}/${object.kind}`;
        (found[key] ??= []).push(
          item.namespace ? `${item.namespace}/${item.name}` : item.name,
        );
      }
    }
    for (const objects of Object.values(found)) {
      objects.sort();
    }
    // Velero adds DataUploads to the contents after it wrote the list, and lists a pod that its failed hook kept out.
    delete found['velero.io/v2alpha1/DataUpload'];
    if (name === 'partial') {
      found['v1/Pod'] = [
        ...found['v1/Pod'],
        'shop/files-59f4cb6658-v4pws',
      ].sort();
    }
    expect(found).toEqual(list);
    expect(JSON.stringify(found)).not.toContain('not-in-backup');
    await contents.close();
  });

  it('restores one of them into an empty cluster', async () => {
    await eventually('the backup is synchronised', async () =>
      stage.getBackup('objects'),
    );
    const restore = await stage.makeRestore('from-velero', {
      backupName: 'objects',
      includedNamespaces: ['shop-b', 'shop'],
      namespaceMapping: { shop: 'shop-restored' },
      includeClusterResources: false,
    });
    const results = await store.getRestoreJson<RunResults>(
      'from-velero',
      'results',
    );
    // The embedded cluster serves neither this custom resource nor some of Kubernetes' rarer types.
    const errors = JSON.stringify(results?.errors).replace(
      /"[^"]* are not served by this cluster[^"]*",?/g,
      '',
    );
    expect(errors).not.toMatch(/error /);
    expect(restore.status?.phase).toMatch(/^(Completed|PartiallyFailed)$/);
    const original = await store.getRestoreJson<ResourceList>(
      'move-restored',
      'resourceList',
    );
    const created = (original?.['v1/ConfigMap'] ?? []).flatMap(
      entry => /^shop-restored\/(.*)\(created\)$/.exec(entry)?.[1] ?? [],
    );
    const restored = await Promise.all(
      created.map(object =>
        stage.client.get<KubernetesObject>(coreTypes.configMaps, {
          namespace: 'shop-restored',
          name: object,
        }),
      ),
    );
    expect(restored.map(each => each?.metadata.name)).toEqual(created);
    const settings = await stage.client.get<KubernetesObject>(
      coreTypes.configMaps,
      { namespace: 'shop-b', name: 'settings' },
    );
    expect(settings?.metadata.labels).toMatchObject({
      'velero.io/backup-name': 'objects',
      'velero.io/restore-name': 'from-velero',
    });
  }, 90_000);
});
