import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FolderStorage,
  isKopiaError,
  KopiaError,
  markVeleroRepository,
  Repository,
  S3Storage,
  veleroIdentity,
  veleroRepositoryState,
  withRetry,
  withTimeout,
  type BlobStorage,
} from '@lifeboat/kopia';
import {
  readAwsCredentials,
  readFilesystemPath,
  readS3Settings,
  storageProvider,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';

/** @public */
export interface OpenVolumeRepositoryOptions {
  readonly location: Pick<BackupStorageLocation, 'spec'>;
  /** Text of a credentials file of the AWS tools; without it, the SDK's usual chain (environment, instance role). */
  readonly credentials?: string;
  /** PEM certificates that the location names by `caCertRef`; those of `caCert` are taken from the location. */
  readonly certificateAuthority?: string;
  readonly password: string;
  /** The namespace whose volumes are in the repository: the original one, also on restore. */
  readonly volumeNamespace: string;
  /** Makes the repository where the storage holds none, as Velero does. Default false: it must exist. */
  readonly create?: boolean;
  /** Hours between full maintenance runs of a repository made now; default 24. */
  readonly fullIntervalHours?: number;
  readonly readOnly?: boolean;
  /** Threads that hash and encrypt; default: one per core, at most 4. */
  readonly workers?: number;
  readonly indexMemoryLimit?: number;
  readonly temporaryFolder?: string;
  readonly signal?: AbortSignal;
}

/** @public */
export interface VolumeRepository {
  readonly repository: Repository;
  /** Whether it was made by this call. */
  readonly created: boolean;
  /** Ends threads and connections. What was not flushed is given up. */
  close(): Promise<void>;
}

/** Longer than it takes from finding a storage empty to having written a format. */
const settleMs = 1500;
// A pack of 29 MiB over a slow line.
const callTimeoutMs = 10 * 60 * 1000;

/**
 * Where the repository of a namespace lies in its location: `<prefix>/kopia/<namespace>/` (Velero: repository config).
 *
 * @public
 */
export function repositoryPrefix(
  location: Pick<BackupStorageLocation, 'spec'>,
  volumeNamespace: string,
): string {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(volumeNamespace))
    throw new KopiaError(
      'invalid-argument',
      `"${volumeNamespace}" is not the name of a namespace`,
    );
  const prefix = (location.spec.objectStorage?.prefix ?? '').replace(
    /^\/+|\/+$/g,
    '',
  );
  return `${prefix ? `${prefix}/` : ''}kopia/${volumeNamespace}/`;
}

/**
 * Opens the storage of a repository, without reading anything from it. Calls are repeated on passing errors and have a
 * time-out.
 *
 * @throws LocationSettingsError when the location cannot be used
 *
 * @public
 */
export async function openRepositoryStorage(
  options: Pick<
    OpenVolumeRepositoryOptions,
    | 'location'
    | 'credentials'
    | 'certificateAuthority'
    | 'volumeNamespace'
    | 'create'
  >,
): Promise<BlobStorage> {
  const { spec } = options.location;
  const prefix = repositoryPrefix(options.location, options.volumeNamespace);
  if (storageProvider(spec) === 'filesystem') {
    const base = readFilesystemPath(spec);
    const folder = join(base, prefix);
    // The location's own folder is never made: it may be a file system that is not mounted.
    await checkFolder(base);
    if (!options.create) await checkFolder(folder);
    return withRetry(
      await FolderStorage.open(folder, { create: options.create }),
    );
  }
  const settings = readS3Settings(spec);
  const { caCert } = spec.objectStorage;
  const certificateAuthority =
    options.certificateAuthority ??
    (caCert ? Buffer.from(caCert, 'base64').toString('utf8') : undefined);
  const storage = new S3Storage({
    bucket: settings.bucket,
    prefix,
    region: settings.region,
    endpoint: settings.endpoint,
    forcePathStyle: settings.forcePathStyle,
    skipTlsVerify: settings.insecureSkipTlsVerify,
    certificateAuthority,
    credentials:
      options.credentials === undefined
        ? undefined
        : readAwsCredentials(options.credentials, settings.profile),
  });
  return withRetry(withTimeout(storage, callTimeoutMs));
}

/** @throws KopiaError when nobody could open a repository there */
async function checkFolder(folder: string): Promise<void> {
  try {
    await stat(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' || code === 'ENOTDIR'
      ? new KopiaError(
          'not-found',
          `${folder} does not exist: there is no repository`,
        )
      : new KopiaError(
          'storage',
          `User ${process.getuid?.()} cannot reach the folder ${folder} of the storage location: ${message}`,
          { cause: error },
        );
  }
}

/**
 * Opens the repository with the volumes of one namespace in a storage location.
 *
 * With `create`, one that is missing is made with Velero's parameters, and one whose making was interrupted is completed.
 *
 * @throws KopiaError - `not-found` or `foreign-storage` where there is none, `invalid-password`, …
 *
 * @public
 */
export async function openVolumeRepository(
  options: OpenVolumeRepositoryOptions,
): Promise<VolumeRepository> {
  const { signal } = options;
  const storage = await openRepositoryStorage(options);
  const openOptions = {
    storage,
    password: options.password,
    user: veleroIdentity,
    readOnly: options.readOnly,
    workers: options.workers,
    indexMemoryLimit: options.indexMemoryLimit,
    temporaryFolder: options.temporaryFolder,
    signal,
  };
  let repository: Repository | undefined;
  let created = false;
  try {
    try {
      repository = await Repository.open(openOptions);
    } catch (error) {
      if (!options.create || !isKopiaError(error, 'not-found')) throw error;
      ({ repository, created } = await createUnlessThere(openOptions));
    }
    if (
      options.create &&
      !options.readOnly &&
      (await veleroRepositoryState(repository, signal)) === 'not-initialized'
    )
      await markVeleroRepository(repository, {
        fullIntervalHours: options.fullIntervalHours,
        signal,
      });
  } catch (error) {
    await repository?.close();
    await storage.close();
    throw error;
  }
  const opened = repository;
  return {
    repository: opened,
    created,
    async close() {
      await opened.close();
      await storage.close();
    },
  };
}

/**
 * Two engines may want the same repository at once, and object storage has no lock. Both may find it missing and write a
 * format of their own: the later one counts. So what was made is read again after a moment, before anything else is
 * written with its keys, which would damage the repository of the other.
 */
async function createUnlessThere(
  options: Parameters<typeof Repository.create>[0],
): Promise<{ repository: Repository; created: boolean }> {
  let uniqueId: Buffer | undefined;
  try {
    const made = await Repository.create(options);
    uniqueId = made.uniqueId;
    await made.close();
    await sleep(settleMs, undefined, { signal: options.signal });
  } catch (error) {
    if (!isKopiaError(error, 'already-exists')) throw error;
  }
  const repository = await Repository.open(options);
  return {
    repository,
    created: uniqueId !== undefined && repository.uniqueId.equals(uniqueId),
  };
}

/**
 * Reads a repository's password from a file, as Velero does: blanks and line ends around it do not count.
 *
 * @throws Error when it is empty
 */
export async function readPassword(file: string): Promise<string> {
  const password = (await readFile(file, 'utf8')).trim();
  if (password === '')
    throw new Error(`The file ${file} with the repository password is empty`);
  return password;
}
