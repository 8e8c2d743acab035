import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  openObjectStore,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import { openVolumeRepository } from '@lifeboat/data-mover';
import { uploadTree, veleroSnapshot } from '@lifeboat/kopia';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { controlNamespace } from '../engine/EngineStage';
import {
  RepositoryStage,
  startClusterWithMovers,
} from '../volumes/RepositoryStage';

const bucket = process.env.S3_BUCKET ?? '';
const prefix = `repositories-${process.pid}-${Date.now()}`;
const credentials = `[default]
aws_access_key_id=${process.env.S3_ACCESS_KEY ?? ''}
aws_secret_access_key=${process.env.S3_SECRET_KEY ?? ''}
`;

/** Repositories in a bucket: opened by the engine, maintained by a Job with mounted credentials. */
describe('repositories with S3', () => {
  let repositories: RepositoryStage;

  const location = async () => {
    const found = await repositories.stage.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: controlNamespace, name: 's3' },
    );
    if (!found) throw new Error('There is no location s3');
    return found;
  };

  beforeAll(async () => {
    repositories = await RepositoryStage.start(startClusterWithMovers);
    const { stage } = repositories;
    await stage.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: controlNamespace, name: 'cloud-credentials' },
      data: { cloud: Buffer.from(credentials).toString('base64') },
    });
    await stage.createLocation('s3', '', {
      provider: 'aws',
      config: {
        s3Url: process.env.S3_ENDPOINT ?? '',
        region: process.env.S3_REGION ?? 'us-east-1',
        s3ForcePathStyle: 'true',
      },
      objectStorage: { bucket, prefix },
    });
  }, 150_000);

  afterAll(async () => {
    if (repositories) {
      const objects = await openObjectStore(await location(), {
        client: repositories.stage.client,
        namespace: controlNamespace,
      });
      const keys: string[] = [];
      for await (const { key } of objects.list(`${prefix}/`)) keys.push(key);
      await objects.delete(keys);
      await repositories.stop();
    }
  }, 60_000);

  it('makes one, takes a snapshot, and maintains it by a Job', async () => {
    const asked = await repositories.demand('shop', {
      location: 's3',
      frequency: '1s',
    });
    await repositories.until(asked, 'Ready');
    const folder = repositories.newFolder('volume');
    mkdirSync(path.join(folder, 'orders'));
    writeFileSync(path.join(folder, 'orders', '1'), 'two boats');
    const opened = await openVolumeRepository({
      location: await location(),
      credentials,
      password: await repositories.password(),
      volumeNamespace: 'shop',
      workers: 0,
    });
    try {
      const { report } = await uploadTree(
        opened.repository,
        folder,
        veleroSnapshot({
          requester: 'snapshot-pod-volume',
          realSource: 'shop/web/data',
        }),
      );
      expect(report.complete).toBe(true);
    } finally {
      await opened.close();
    }
    await eventually(
      'maintenance succeeded',
      async () => {
        const found = await repositories.get(asked);
        const runs = found?.status?.recentMaintenance ?? [];
        const failed = runs.find(({ result }) => result === 'Failed');
        if (failed) throw new Error(failed.message);
        return runs.length > 0;
      },
      60_000,
    );
  }, 120_000);

  it('says what is wrong with the keys of the storage', async () => {
    const { stage } = repositories;
    await stage.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: controlNamespace, name: 'wrong' },
      data: {
        cloud: Buffer.from(
          '[default]\naws_access_key_id=AKIAWRONG\naws_secret_access_key=wrong\n',
        ).toString('base64'),
      },
    });
    await stage.client.patch(
      veleroTypes.backupStorageLocations,
      { namespace: controlNamespace, name: 's3' },
      {
        contentType: 'merge',
        body: { spec: { credential: { name: 'wrong', key: 'cloud' } } },
      },
    );
    await eventually('the location is unavailable', async () => {
      const found = await location();
      return found.status?.phase === 'Unavailable';
    });
    await stage.client.patch(
      veleroTypes.backupStorageLocations,
      { namespace: controlNamespace, name: 's3' },
      { contentType: 'merge', body: { spec: { credential: null } } },
    );
    await eventually(
      'the location is available',
      async () => (await location()).status?.phase === 'Available',
      40_000,
    );
    const ready = await repositories.until('shop-s3-kopia', 'Ready');
    expect(ready.status?.message ?? '').toBe('');
  }, 90_000);
});
