import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import type {
  Backup,
  BackupStorageLocation,
  DataDownload,
  DataUpload,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage, type Live } from '../volumes/DataPathStage';
import { HookedApplication } from '../volumes/HookedApplication';
import { repositoryDamage } from '../volumes/repositoryDamage';
import { startVolumeCluster } from '../volumes/startVolumeCluster';
import type { S3Keys } from './signAgain';

const secret = { namespace: controlNamespace, name: 'bucket-keys' };
const types = {
  backup: veleroTypes.dataUploads,
  restore: veleroTypes.dataDownloads,
} as const;

const keyFile = ({ accessKeyId, secretAccessKey }: S3Keys) =>
  `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`;

/** The embedded cluster with an application whose volumes go into a bucket, and what stories about that bucket keep doing. */
export class BucketStage {
  private constructor(
    readonly stage: DataPathStage,
    readonly application: HookedApplication,
    private readonly pod: string,
    private readonly baseline: ClusterBaseline,
  ) {}

  /** @param url - of the S3 server, or of what stands before it */
  static async start(url: string, keys: S3Keys): Promise<BucketStage> {
    const stage = await DataPathStage.start(startVolumeCluster, {
      dataMover: {
        image: 'lifeboat/data-mover:dev',
        loadConcurrency: { globalConfig: 4 },
      },
    });
    await stage.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: secret,
      stringData: { cloud: keyFile(keys) },
    });
    await stage.stage.createLocation('bucket', '', {
      provider: 'aws',
      config: {
        region: process.env.S3_REGION ?? 'us-east-1',
        s3Url: url,
        s3ForcePathStyle: 'true',
      },
      credential: { name: secret.name, key: 'cloud' },
      objectStorage: {
        bucket: process.env.S3_BUCKET ?? '',
        prefix: `volume-faults-${process.pid}-${Date.now()}`,
      },
    });
    await stage.stage.createNamespace('shop', {
      labels: { 'lifeboat.dev/hooks': 'enabled' },
    });
    const application = await HookedApplication.start(stage, 'shop');
    const found = new BucketStage(
      stage,
      application,
      await podText(stage, 'shop'),
      await takeBaseline(stage.client),
    );
    await found.locationIs('Available');
    return found;
  }

  stop(): Promise<void> {
    return this.stage.stop();
  }

  /** New data, more than fits into one pack of the repository. Returns what it must be after a restore. */
  draw(): Buffer {
    const picture = randomBytes(24_000_000);
    writeFileSync(
      path.join(this.application.folders.uploads, 'picture'),
      picture,
    );
    return picture;
  }

  /** Gives the keys to the engine and to movers that start from now on. */
  async giveKeys(keys: S3Keys): Promise<void> {
    await this.stage.client.patch(coreTypes.secrets, secret, {
      contentType: 'merge',
      body: { data: { cloud: Buffer.from(keyFile(keys)).toString('base64') } },
    });
  }

  async locationIs(phase: string): Promise<void> {
    await eventually(
      `the location is ${phase}`,
      async () =>
        (
          await this.stage.client.get<BackupStorageLocation>(
            veleroTypes.backupStorageLocations,
            { namespace: controlNamespace, name: 'bucket' },
          )
        )?.status?.phase === phase,
      30_000,
    );
  }

  async begin(backup: string): Promise<void> {
    await this.stage.stage.createBackup(backup, {
      includedNamespaces: ['shop'],
      snapshotMoveData: true,
      storageLocation: 'bucket',
    });
  }

  end(backup: string): Promise<Backup> {
    return this.stage.stage.backupEnd(backup, 120_000);
  }

  /** @throws Error when the backup is not Completed */
  async completes(backup: string): Promise<void> {
    await this.begin(backup);
    const { status } = await this.end(backup);
    if (status?.phase !== 'Completed') {
      throw new Error(
        `Backup ${backup} is not Completed: ${JSON.stringify(status)}`,
      );
    }
  }

  /** The transfer of the large volume. */
  async transferOf(
    of: 'backup' | 'restore',
    name: string,
  ): Promise<DataUpload | DataDownload | undefined> {
    for await (const each of this.stage.client.list<DataUpload | DataDownload>(
      types[of],
      {
        namespace: controlNamespace,
        labelSelector: `velero.io/${of}-name=${name}`,
      },
    )) {
      const claim =
        'sourcePVC' in each.spec
          ? each.spec.sourcePVC
          : each.spec.targetVolume.pvc;
      if (claim === 'uploads') return each;
    }
    return undefined;
  }

  /** Stops the mover of the large volume once it may move data. Returns how to let it go on. */
  async holdMover(backup: string): Promise<() => void> {
    const { metadata } = await eventually('data is moved', () =>
      this.transferOf('backup', backup),
    );
    const { pid } = await this.stage.moverOf(metadata.name ?? '');
    process.kill(pid, 'SIGSTOP');
    await this.stage.phase('DataUpload', metadata.name ?? '', 'InProgress');
    return () => process.kill(pid, 'SIGCONT');
  }

  /** The picture that was restored into a namespace, once its pod runs. */
  async pictureIn(namespace: string): Promise<Buffer> {
    await this.stage.untilRunning(namespace, 'db');
    const folder = await this.stage.folderOf(namespace, 'db', 'uploads');
    return readFileSync(path.join(folder, 'picture'));
  }

  /**
   * What is wrong after a story, when everything ought to be as it was: the application, the cluster, the repository.
   *
   * @param namespaces - into which the story restored
   */
  async harm(namespaces: string[]): Promise<string[]> {
    const { application, baseline, pod, stage } = this;
    const rows = readFileSync(
      path.join(application.folders.data, 'rows'),
      'utf8',
    );
    const now = await podText(stage, 'shop');
    return [
      ...(application.isFrozen() ? ['The application is frozen'] : []),
      ...(rows === 'one, two, three\n' ? [] : [`The rows are ${rows}`]),
      ...(now === pod ? [] : [`The pod was ${pod} and is ${now}`]),
      ...(await repositoryDamage(stage.client)),
      ...(await findLeaks(stage.client, baseline, { namespaces })),
    ];
  }
}

/** A pod, and how often its container was started. */
async function podText(
  stage: DataPathStage,
  namespace: string,
): Promise<string> {
  const pod: Live | undefined = await stage.get(
    coreTypes.pods,
    namespace,
    'db',
  );
  const [{ restartCount } = { restartCount: -1 }] =
    pod?.status?.containerStatuses ?? [];
  return `${pod?.metadata.uid} ${pod?.status?.phase} ${restartCount}`;
}
