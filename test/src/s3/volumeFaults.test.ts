import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import { listSnapshots, verifySnapshots } from '@lifeboat/kopia';
import { openVolumeRepository } from '@lifeboat/data-mover';
import type { BackupStorageLocation, DataUpload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage } from '../volumes/DataPathStage';
import { startVolumeCluster } from '../volumes/startVolumeCluster';
import { startBreakableProxy, type BreakableProxy } from './breakableProxy';

const secret = { namespace: controlNamespace, name: 'bucket-keys' };

const keyFile = (secretKey: string) =>
  `[default]\naws_access_key_id=${process.env.S3_ACCESS_KEY}\naws_secret_access_key=${secretKey}\n`;

describe('backups with volumes into a bucket', () => {
  let stage: DataPathStage;
  let proxy: BreakableProxy;
  let baseline: ClusterBaseline;
  const spec = {
    includedNamespaces: ['shop'],
    snapshotMoveData: true,
    storageLocation: 'bucket',
  };

  const rotate = (secretKey: string) =>
    stage.client.patch(coreTypes.secrets, secret, {
      contentType: 'merge',
      body: {
        data: { cloud: Buffer.from(keyFile(secretKey)).toString('base64') },
      },
    });
  const location = () =>
    stage.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: controlNamespace, name: 'bucket' },
    );
  const locationIs = (phase: string) =>
    eventually(
      `the location is ${phase}`,
      async () => (await location())?.status?.phase === phase,
      30_000,
    );
  /** The mover of a backup's volume, stopped. */
  const holdMover = async (backup: string) => {
    const name = await eventually('data is moved', async () => {
      for await (const each of stage.client.list<DataUpload>(
        veleroTypes.dataUploads,
        {
          namespace: controlNamespace,
          labelSelector: `velero.io/backup-name=${backup}`,
        },
      )) {
        return each.metadata.name;
      }
      return undefined;
    });
    const { pid } = await stage.moverOf(name);
    process.kill(pid, 'SIGSTOP');
    await stage.phase('DataUpload', name, 'InProgress');
    return { name, pid };
  };

  beforeAll(async () => {
    proxy = await startBreakableProxy(process.env.S3_ENDPOINT ?? '');
    stage = await DataPathStage.start(startVolumeCluster);
    await stage.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: secret,
      stringData: { cloud: keyFile(process.env.S3_SECRET_KEY ?? '') },
    });
    await stage.stage.createLocation('bucket', '', {
      provider: 'aws',
      config: {
        region: process.env.S3_REGION ?? 'us-east-1',
        s3Url: proxy.url,
        s3ForcePathStyle: 'true',
      },
      credential: { name: secret.name, key: 'cloud' },
      objectStorage: {
        bucket: process.env.S3_BUCKET ?? '',
        prefix: `volume-faults-${process.pid}-${Date.now()}`,
      },
    });
    await stage.createNamespace('shop');
    const folder = await stage.makeVolume('shop', 'data');
    writeFileSync(path.join(folder, 'picture'), randomBytes(30_000_000));
    await locationIs('Available');
    baseline = await takeBaseline(stage.client);
  }, 150_000);

  afterEach(async () => {
    const found = await location();
    const { repository, close } = await openVolumeRepository({
      location: found!,
      credentials: keyFile(process.env.S3_SECRET_KEY ?? ''),
      password: await stage.repositories.password(),
      volumeNamespace: 'shop',
      workers: 0,
    });
    const { damage } = await verifySnapshots(
      repository,
      listSnapshots(repository),
    );
    await close();
    expect(damage).toEqual([]);
    expect(await findLeaks(stage.client, baseline)).toEqual([]);
  }, 60_000);

  afterAll(async () => {
    await stage?.stop();
    await proxy?.stop();
  }, 60_000);

  it('survive that it goes away for some seconds while data is moved', async () => {
    await stage.stage.createBackup('away', spec);
    const { pid } = await holdMover('away');
    proxy.breakAfter(0);
    process.kill(pid, 'SIGCONT');
    await new Promise(resolve => setTimeout(resolve, 5_000));
    proxy.mend();
    const { status } = await stage.stage.backupEnd('away', 90_000);
    expect([status?.phase, status?.failureReason]).toEqual([
      'Completed',
      undefined,
    ]);
  }, 150_000);

  it('are refused with withdrawn keys, and go on with new ones', async () => {
    await rotate('x'.repeat(40));
    await locationIs('Unavailable');
    const refused = await stage.stage.makeBackup('withdrawn', spec);
    expect(refused.status).toMatchObject({
      phase: 'FailedValidation',
      validationErrors: [expect.stringMatching(/bucket.*Unavailable/)],
    });
    await rotate(process.env.S3_SECRET_KEY ?? '');
    await locationIs('Available');
    await stage.stage.createBackup('renewed', spec);
    const { status } = await stage.stage.backupEnd('renewed', 90_000);
    expect(status?.phase).toBe('Completed');
  }, 150_000);
});
