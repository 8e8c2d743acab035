import { readFileSync } from 'node:fs';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  coreTypes,
  createClusterClient,
  openBackupStore,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import type {
  Backup,
  BackupStorageLocation,
  DeleteBackupRequest,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startDevCluster } from '../cluster/startDevCluster';
import { startEngine, type RunningEngine } from '../cluster/startEngine';

const namespace = 'openshift-adp';
const bucket = process.env.S3_BUCKET ?? '';
const prefix = `stories-${process.pid}-${Date.now()}`;

describe.each([
  ['plain', process.env.S3_ENDPOINT ?? '', undefined],
  ['TLS', process.env.S3_TLS_ENDPOINT ?? '', process.env.S3_CA_CERT],
])('engine with S3, %s', (name, endpoint, caFile) => {
  let cluster: RunningCluster;
  let client: ClusterClient & { close(): void };
  let engine: RunningEngine;
  const s3 = new S3Client({
    endpoint: process.env.S3_ENDPOINT,
    region: process.env.S3_REGION ?? 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: process.env.S3_ACCESS_KEY ?? '',
      secretAccessKey: process.env.S3_SECRET_KEY ?? '',
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

  async function keys(): Promise<string[]> {
    const listed = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }),
    );
    return (listed.Contents ?? []).map(object => object.Key ?? '');
  }

  beforeAll(async () => {
    cluster = await startDevCluster({ withoutNode: true });
    client = createClusterClient({
      name: 'test',
      kubeconfig: cluster.kubeconfig,
    });
    await client.create<KubernetesObject>(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await client.create<KubernetesObject>(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await client.create<KubernetesObject>(coreTypes.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'settings' },
      data: { colour: 'blue' },
    });
    engine = startEngine({
      clusters: [{ name: 'test', kubeconfig: cluster.kubeconfig }],
    });
    await engine.untilState('leading', 'test', 60_000);
  }, 120_000);

  afterAll(async () => {
    await engine?.stop();
    client?.close();
    await cluster?.stop();
    const left = await keys();
    if (left.length > 0) {
      await s3.send(
        new DeleteObjectsCommand({
          Bucket: bucket,
          Delete: { Objects: left.map(Key => ({ Key })) },
        }),
      );
    }
    s3.destroy();
  }, 60_000);

  async function putSecret(secret: string, secretKey: string): Promise<void> {
    await client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: secret },
      data: {
        cloud: Buffer.from(
          `[default]\r\naws_access_key_id=${process.env.S3_ACCESS_KEY}\r\naws_secret_access_key=${secretKey}\r\n`,
        ).toString('base64'),
      },
    });
  }

  async function putLocation(
    location: string,
    changes: Partial<BackupStorageLocation['spec']> = {},
  ): Promise<void> {
    await client.create<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { namespace, name: location },
        spec: {
          provider: 'aws',
          config: {
            region: process.env.S3_REGION ?? 'us-east-1',
            s3Url: endpoint,
            s3ForcePathStyle: 'true',
            checksumAlgorithm: '',
          },
          ...changes,
          objectStorage: {
            bucket,
            prefix,
            ...(caFile
              ? { caCert: readFileSync(caFile).toString('base64') }
              : {}),
            ...changes.objectStorage,
          },
        },
      },
    );
  }

  const phaseOf = (location: string, phase: string) =>
    eventually(`location ${location} is ${phase}`, async () => {
      const found = await client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace, name: location },
      );
      return found?.status?.phase === phase && found;
    });

  it('says what is wrong with keys and buckets', async () => {
    await putSecret('cloud-credentials', process.env.S3_SECRET_KEY ?? '');
    await putSecret('wrong', 'x'.repeat(40));
    await putLocation('wrong-key', {
      credential: { name: 'wrong', key: 'cloud' },
    });
    const key = await phaseOf('wrong-key', 'Unavailable');
    expect(key.status?.message).toContain('Secret wrong, key cloud');
    await putLocation('no-bucket', {
      objectStorage: { bucket: 'lifeboat-no-such-bucket' },
    });
    const missing = await phaseOf('no-bucket', 'Unavailable');
    expect(missing.status?.message).toContain(
      'Bucket "lifeboat-no-such-bucket" does not exist',
    );
  }, 60_000);

  it('keeps a backup in the bucket, brings it back into the cluster, and deletes it', async () => {
    await putLocation('default', { default: true });
    const location = await phaseOf('default', 'Available');
    await client.create<Backup>(veleroTypes.backups, {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: { namespace, name: 'first' },
      spec: { includedNamespaces: ['shop'], snapshotVolumes: false },
    });
    const completed = () =>
      eventually('the backup is Completed', async () => {
        const backup = await client.get<Backup>(veleroTypes.backups, {
          namespace,
          name: 'first',
        });
        return backup?.status?.phase === 'Completed' && backup;
      });
    const before = await completed();
    const written = await keys();
    for (const file of [
      'velero-backup.json',
      'first.tar.gz',
      'first-logs.gz',
      'first-resource-list.json.gz',
      'first-results.gz',
      'first-volumeinfo.json.gz',
      'first-itemoperations.json.gz',
    ]) {
      expect(written).toContain(`${prefix}/backups/first/${file}`);
    }
    const store = await openBackupStore(location, { client, namespace });
    expect((await store.readBackupLog('first'))?.complete).toBe(true);

    await client.delete(veleroTypes.backups, { namespace, name: 'first' });
    expect((await completed()).metadata.uid).not.toBe(before.metadata.uid);

    await client.create<DeleteBackupRequest>(veleroTypes.deleteBackupRequests, {
      apiVersion: 'velero.io/v1',
      kind: 'DeleteBackupRequest',
      metadata: { namespace, name: `delete-${name.toLowerCase()}` },
      spec: { backupName: 'first' },
    });
    await eventually(
      'the backup is gone',
      async () =>
        !(await client.get(veleroTypes.backups, { namespace, name: 'first' })),
    );
    expect(
      (await keys()).filter(key => key.includes('/backups/first/')),
    ).toEqual([]);
  }, 90_000);
});
