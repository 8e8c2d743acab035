import path from 'node:path';
import {
  openVolumeRepository,
  repositoryPrefix,
  type OpenVolumeRepositoryOptions,
} from '@lifeboat/data-mover';
import {
  coreTypes,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import { isKopiaError, listSnapshots, verifySnapshots } from '@lifeboat/kopia';
import {
  readAwsCredentials,
  readFilesystemPath,
  readS3Settings,
  storageProvider,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { verifyWithKopia } from '../real-cluster/verifyWithKopia';
import { controlNamespace } from '../engine/EngineStage';
import { kopia, passwordSecret } from './RepositoryStage';

/**
 * Reads every byte of every snapshot in the repositories that a cluster knows, as they lie in storage: by our own reader, and
 * by the kopia program where the environment variable `KOPIA` names one. A repository that was never made is none.
 *
 * @returns what is wrong, with the repository's name; empty when everything is whole
 */
export async function repositoryDamage(
  client: ClusterClient,
): Promise<string[]> {
  const found: string[] = [];
  for await (const repository of client.list<BackupRepository>(
    veleroTypes.backupRepositories,
    { namespace: controlNamespace },
  )) {
    const problems = await damageOf(repository, client);
    found.push(
      ...problems.map(problem => `${repository.metadata.name}: ${problem}`),
    );
  }
  return found;
}

async function damageOf(
  { metadata, spec }: BackupRepository,
  client: ClusterClient,
): Promise<string[]> {
  const location = await client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace: controlNamespace, name: spec.backupStorageLocation },
  );
  if (!location) return [];
  const { credential } = location.spec;
  const stored: OpenVolumeRepositoryOptions = {
    location,
    volumeNamespace: spec.volumeNamespace,
    password: await secretText(
      client,
      metadata.annotations?.['lifeboat.dev/password-secret'] ?? passwordSecret,
      'repository-password',
    ),
    ...(credential?.name && {
      credentials: await secretText(client, credential.name, credential.key),
    }),
    readOnly: true,
    workers: 0,
  };
  try {
    const damage = await readEverything(stored);
    if (process.env.KOPIA) await runKopia(process.env.KOPIA, stored);
    return damage;
  } catch (error) {
    return isKopiaError(error, 'not-found') ? [] : [String(error)];
  }
}

async function readEverything(
  stored: OpenVolumeRepositoryOptions,
): Promise<string[]> {
  const { repository, close } = await openVolumeRepository(stored);
  try {
    const { damage } = await verifySnapshots(
      repository,
      listSnapshots(repository),
    );
    return damage.map(each => JSON.stringify(each));
  } finally {
    await close();
  }
}

/** @throws Error with kopia's words when anything is wrong */
async function runKopia(
  program: string,
  {
    location,
    volumeNamespace,
    password,
    credentials,
  }: OpenVolumeRepositoryOptions,
): Promise<void> {
  const prefix = repositoryPrefix(location, volumeNamespace);
  if (storageProvider(location.spec) === 'filesystem') {
    kopia(
      path.join(readFilesystemPath(location.spec), prefix),
      password,
      'snapshot',
      'verify',
      '--verify-files-percent=100',
    );
    return;
  }
  const { bucket, endpoint, region, profile } = readS3Settings(location.spec);
  const keys = readAwsCredentials(credentials ?? '', profile);
  await verifyWithKopia(
    program,
    {
      bucket,
      region,
      ...(endpoint && { endpoint }),
      accessKey: keys.accessKeyId,
      secretKey: keys.secretAccessKey,
    },
    prefix,
    password,
  );
}

async function secretText(
  client: ClusterClient,
  name: string,
  key: string,
): Promise<string> {
  const secret = await client.get<
    KubernetesObject & { data?: Record<string, string> }
  >(coreTypes.secrets, { namespace: controlNamespace, name });
  return Buffer.from(secret?.data?.[key] ?? '', 'base64')
    .toString('utf8')
    .trim();
}
