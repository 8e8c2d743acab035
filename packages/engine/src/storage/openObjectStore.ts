import { createHash } from 'node:crypto';
import {
  readAwsCredentials,
  readFilesystemPath,
  readS3Settings,
  storageProvider,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { Logger } from '../config/Logger';
import { configurationError, readSettings } from './configurationError';
import { FilesystemObjectStore } from './FilesystemObjectStore';
import {
  credentialOf,
  readCertificateAuthority,
  readCredentialsText,
} from './locationSecrets';
import type { ObjectStore } from './ObjectStore';
import { S3ObjectStore } from './S3ObjectStore';
import { withLogging } from './withLogging';
import { withRetry } from './withRetry';

export { defaultCredential, type SecretKey } from './locationSecrets';

/** @public */
export interface OpenObjectStoreOptions {
  /** Reads the Secrets that the location names. */
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  signal?: AbortSignal;
  /** Throws when writes are not allowed any more; asked before each request that writes. */
  beforeWrite?: () => void;
  /** Each request is logged at level debug, failures at warn. */
  logger?: Logger;
  /** Reuses a store with the same settings and keys. */
  pool?: ObjectStorePool;
}

/**
 * Opens the storage of a location: `aws` (anything that speaks S3, with the
 * config keys of OADP) or `lifeboat.dev/filesystem` (`config.path`). Nothing is
 * sent to the storage yet.
 *
 * @throws StorageError with reason `configuration` and what to correct
 * @public
 */
export async function openObjectStore(
  location: BackupStorageLocation,
  options: OpenObjectStoreOptions,
): Promise<ObjectStore> {
  const store = await openProvider(location, options);
  return options.logger ? withLogging(store, options.logger) : store;
}

async function openProvider(
  location: BackupStorageLocation,
  options: OpenObjectStoreOptions,
): Promise<ObjectStore> {
  const { spec } = location;
  if (readSettings(() => storageProvider(spec)) === 'filesystem') {
    return new FilesystemObjectStore(
      readSettings(() => readFilesystemPath(spec)),
      options.beforeWrite ? { beforeWrite: options.beforeWrite } : {},
    );
  }
  const settings = readSettings(() => readS3Settings(spec));
  const [credential, ca] = await Promise.all([
    readCredential(location, settings.profile, options),
    readCertificateAuthority(location, options),
  ]);
  const open = () =>
    withRetry(
      new S3ObjectStore({
        settings,
        credentials: credential.keys,
        credentialsSource: credential.source,
        ...(ca ? { ca } : {}),
        ...(options.beforeWrite ? { beforeWrite: options.beforeWrite } : {}),
      }),
    );
  if (!options.pool) return open();
  return options.pool.get(JSON.stringify([settings, credential, ca]), open);
}

/**
 * Keeps a few stores, so that connections are reused from one step to the next.
 * @public
 */
export class ObjectStorePool {
  private readonly stores = new Map<string, ObjectStore>();
  private readonly size: number;

  constructor(size = 16) {
    this.size = size;
  }

  get(settings: string, open: () => ObjectStore): ObjectStore {
    // Keys are part of the settings: only their digest is kept.
    const digest = createHash('sha256').update(settings).digest('hex');
    const store = this.stores.get(digest) ?? open();
    this.stores.delete(digest);
    this.stores.set(digest, store);
    for (const oldest of this.stores.keys()) {
      if (this.stores.size <= this.size) break;
      this.stores.delete(oldest);
    }
    return store;
  }
}

async function readCredential(
  location: BackupStorageLocation,
  profile: string,
  options: OpenObjectStoreOptions,
) {
  const from = credentialOf(location.spec.credential);
  const text = await readCredentialsText(location, options);
  const source = `Secret ${from.name}, key ${from.key}, profile [${profile}]`;
  try {
    return { keys: readAwsCredentials(text, profile), source };
  } catch (error) {
    throw configurationError(
      `Secret ${from.name}, key ${from.key}, cannot be used: ${
        (error as Error).message
      }`,
    );
  }
}
