import { readFileSync } from 'node:fs';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
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
  Restore,
} from '@lifeboat/velero-api';
import {
  isTerminalBackupPhase,
  isTerminalRestorePhase,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startDevCluster } from '../cluster/startDevCluster';
import { startEngine, type RunningEngine } from '../cluster/startEngine';
import { freePorts } from '../cluster/freePorts';
import { startBreakableProxy } from './breakableProxy';

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

  async function keys(inBucket = bucket): Promise<string[]> {
    const listed = await s3.send(
      new ListObjectsV2Command({ Bucket: inBucket, Prefix: `${prefix}/` }),
    );
    return (listed.Contents ?? []).map(object => object.Key ?? '');
  }

  async function empty(inBucket = bucket): Promise<void> {
    const left = await keys(inBucket);
    if (left.length > 0) {
      await s3.send(
        new DeleteObjectsCommand({
          Bucket: inBucket,
          Delete: { Objects: left.map(Key => ({ Key })) },
        }),
      );
    }
  }

  let counter = 0;
  const unique = (text: string) => {
    counter += 1;
    return `${text}-${counter}`;
  };

  /** Makes a backup into a location and waits for its end. */
  async function backupTo(storageLocation: string): Promise<Backup> {
    const backup = unique('backup');
    await client.create<Backup>(veleroTypes.backups, {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: { namespace, name: backup },
      spec: {
        includedNamespaces: ['shop'],
        snapshotVolumes: false,
        storageLocation,
      },
    });
    return eventually(
      `backup ${backup} ends`,
      async () => {
        const found = await client.get<Backup>(veleroTypes.backups, {
          namespace,
          name: backup,
        });
        return isTerminalBackupPhase(found?.status?.phase) && found;
      },
      60_000,
    );
  }

  /** Restores a backup and waits for the end. */
  async function restoreOf(backupName: string): Promise<Restore> {
    const restore = unique('restore');
    await client.create<Restore>(veleroTypes.restores, {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: { namespace, name: restore },
      spec: { backupName, namespaceMapping: { shop: restore } },
    });
    return eventually(
      `restore ${restore} ends`,
      async () => {
        const found = await client.get<Restore>(veleroTypes.restores, {
          namespace,
          name: restore,
        });
        return isTerminalRestorePhase(found?.status?.phase) && found;
      },
      60_000,
    );
  }

  const reasonOf = (run: Backup | Restore) =>
    [run.status?.failureReason, ...(run.status?.validationErrors ?? [])].join();

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
    await empty();
    s3.destroy();
  }, 60_000);

  function secretData(secretKey: string): { [key: string]: string } {
    return {
      cloud: Buffer.from(
        `[default]\r\naws_access_key_id=${process.env.S3_ACCESS_KEY}\r\naws_secret_access_key=${secretKey}\r\n`,
      ).toString('base64'),
    };
  }

  async function putSecret(secret: string, secretKey: string): Promise<void> {
    await client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: secret },
      data: secretData(secretKey),
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
    const [port] = await freePorts(1);
    await putLocation('nobody-home', {
      config: {
        region: process.env.S3_REGION ?? 'us-east-1',
        s3Url: `http://127.0.0.1:${port}`,
        s3ForcePathStyle: 'true',
      },
    });
    const unreachable = await phaseOf('nobody-home', 'Unavailable');
    expect(unreachable.status?.message).toContain(
      `http://127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
    );
    for (const [location, reason] of [
      ['wrong-key', 'Secret wrong, key cloud'],
      ['no-bucket', 'does not exist'],
      ['nobody-home', 'cannot be reached'],
    ]) {
      const backup = await backupTo(location);
      expect(backup.status?.phase).toBe('FailedValidation');
      expect(reasonOf(backup)).toContain(
        `BackupStorageLocation ${location} is in Unavailable status`,
      );
      expect(reasonOf(backup)).toContain(reason);
      expect(reasonOf(backup)).not.toContain('x'.repeat(40));
    }
  }, 90_000);

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

  it('fails backups and restores when the bucket vanishes or the keys are withdrawn, and says why', async () => {
    const doomed = `lifeboat-doomed-${process.pid}-${name.toLowerCase()}`;
    await s3.send(new CreateBucketCommand({ Bucket: doomed }));
    await putSecret('changing', process.env.S3_SECRET_KEY ?? '');
    await putLocation('doomed', {
      objectStorage: { bucket: doomed },
      credential: { name: 'changing', key: 'cloud' },
      validationFrequency: '1h',
    });
    await phaseOf('doomed', 'Available');
    const good = await backupTo('doomed');
    expect(good.status?.phase).toBe('Completed');
    const goodName = good.metadata.name ?? '';

    // The location still counts as available: it is looked at once an hour.
    const setSecret = (secretKey: string) =>
      client.patch(
        coreTypes.secrets,
        { namespace, name: 'changing' },
        { contentType: 'merge', body: { data: secretData(secretKey) } },
      );
    await setSecret('y'.repeat(40));
    const unsigned = await backupTo('doomed');
    expect(unsigned.status?.phase).toBe('Failed');
    expect(reasonOf(unsigned)).toContain('Secret changing, key cloud');
    expect(reasonOf(unsigned)).not.toContain('y'.repeat(40));
    const unread = await restoreOf(goodName);
    expect(unread.status?.phase).toBe('FailedValidation');
    expect(reasonOf(unread)).toContain(
      'the backup cannot be read from storage',
    );
    await setSecret(process.env.S3_SECRET_KEY ?? '');
    const restored = await restoreOf(goodName);
    expect(restored.status?.phase).toBe('Completed');

    await empty(doomed);
    await s3.send(new DeleteBucketCommand({ Bucket: doomed }));
    const homeless = await backupTo('doomed');
    expect(homeless.status?.phase).toBe('Failed');
    expect(reasonOf(homeless)).toContain(`Bucket "${doomed}" does not exist`);
    const lost = await restoreOf(goodName);
    expect(lost.status?.phase).toBe('FailedValidation');
    expect(reasonOf(lost)).toContain(`Bucket "${doomed}" does not exist`);
    // What lay in the bucket has gone with it: its Restore must not wait for it.
    await client.delete(veleroTypes.restores, {
      namespace,
      name: restored.metadata.name ?? '',
    });
    await eventually(
      'the Restore is gone',
      async () =>
        !(await client.get(veleroTypes.restores, {
          namespace,
          name: restored.metadata.name ?? '',
        })),
    );
  }, 180_000);

  it('calls nothing Completed when the server goes away in the middle, and cleans up when it is back', async () => {
    const proxy = await startBreakableProxy(endpoint);
    try {
      await putLocation('shaky', {
        config: {
          region: process.env.S3_REGION ?? 'us-east-1',
          s3Url: proxy.url,
          s3ForcePathStyle: 'true',
          checksumAlgorithm: '',
        },
        objectStorage: { bucket, prefix: `${prefix}/shaky` },
        validationFrequency: '1h',
        backupSyncPeriod: '0s',
      });
      await phaseOf('shaky', 'Available');
      const phases: string[] = [];
      for (const exchanges of [0, 1, 3, 6, 10, 15, 1000]) {
        proxy.breakAfter(exchanges);
        const backup = await backupTo('shaky');
        const backupName = backup.metadata.name ?? '';
        phases.push(`${backup.status?.phase}`);
        proxy.mend();
        const files = async () =>
          (await keys()).filter(key => key.includes(`/${backupName}/`));
        if (backup.status?.phase === 'Completed') {
          expect(await files()).toHaveLength(10);
          expect((await restoreOf(backupName)).status?.phase).toBe('Completed');
        } else {
          expect(backup.status?.phase).toBe('Failed');
          expect(reasonOf(backup)).toMatch(
            /cannot be reached|did not answer|could not be stored/,
          );
          await eventually(
            'its files are removed',
            async () => {
              const found = await client.get<Backup>(veleroTypes.backups, {
                namespace,
                name: backupName,
              });
              return (
                !found?.metadata.annotations?.[
                  'lifeboat.dev/storage-cleanup'
                ] && (await files()).length === 0
              );
            },
            90_000,
          );
        }
      }
      expect(phases[0]).toBe('Failed');
      expect(phases.at(-1)).toBe('Completed');

      const good = await backupTo('shaky');
      proxy.breakAfter(0);
      const restore = await restoreOf(good.metadata.name ?? '');
      expect(restore.status?.phase).toBe('FailedValidation');
      expect(reasonOf(restore)).toContain(
        'the backup cannot be read from storage',
      );
    } finally {
      await proxy.stop();
    }
  }, 400_000);
});
