import { createHash } from 'node:crypto';
import path from 'node:path';
import type {
  BackupStorageLocation,
  SecretKeySelector,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject } from '../cluster/KubernetesObject';
import { coreTypes } from '../cluster/knownTypes';
import type { Logger } from '../config/Logger';
import { readAwsCredentials } from './awsCredentials';
import { FilesystemObjectStore } from './FilesystemObjectStore';
import type { ObjectStore } from './ObjectStore';
import { configurationError, readS3Settings } from './s3Settings';
import { S3ObjectStore } from './S3ObjectStore';
import { withLogging } from './withLogging';
import { withRetry } from './withRetry';

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

/** @public */
export interface SecretKey {
  name: string;
  key: string;
}

/** What a Secret is for us. */
interface Secret extends ApiObject {
  data?: Record<string, string>;
}

/** The Secret that OADP and Velero use when a location names none. @public */
export const defaultCredential: SecretKey = {
  name: 'cloud-credentials',
  key: 'cloud',
};

/** The provider that keeps backups in a folder. @public */
export const filesystemProvider = 'lifeboat.dev/filesystem';

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
  const provider = spec.provider.replace(/^velero\.io\//, '');
  if (provider === filesystemProvider) {
    return openFilesystem(spec.config ?? {}, options);
  }
  if (provider !== 'aws') {
    throw configurationError(
      `spec.provider "${spec.provider}" is not supported; allowed are "aws" (S3: AWS, MCG, RGW, MinIO and others) and "${filesystemProvider}"`,
    );
  }
  const settings = readS3Settings(spec);
  const [credential, ca] = await Promise.all([
    readCredential(spec.credential, settings.profile, options),
    readCa(location, options),
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

function openFilesystem(
  config: Record<string, string>,
  options: OpenObjectStoreOptions,
): ObjectStore {
  const folder = config.path ?? '';
  if (!path.isAbsolute(folder)) {
    throw configurationError(
      `config.path is "${folder}"; provider ${filesystemProvider} needs the absolute path of an existing folder`,
    );
  }
  return new FilesystemObjectStore(
    folder,
    options.beforeWrite ? { beforeWrite: options.beforeWrite } : {},
  );
}

async function readCredential(
  selector: SecretKeySelector | undefined,
  profile: string,
  options: OpenObjectStoreOptions,
) {
  const from = selector?.name
    ? { name: selector.name, key: selector.key }
    : defaultCredential;
  const text = await readSecret(
    from,
    'the credentials',
    `kubectl -n ${options.namespace} create secret generic ${from.name} --from-file=${from.key}=<credentials file>`,
    options,
  );
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

async function readCa(
  location: BackupStorageLocation,
  options: OpenObjectStoreOptions,
): Promise<string | undefined> {
  const { caCert, caCertRef } = location.spec.objectStorage;
  if (caCert && caCertRef) {
    throw configurationError(
      'cannot specify both caCert and caCertRef in objectStorage',
    );
  }
  let pem: string | undefined;
  if (caCertRef?.name) {
    pem = await readSecret(
      { name: caCertRef.name, key: caCertRef.key },
      'the CA',
      `kubectl -n ${options.namespace} create secret generic ${caCertRef.name} --from-file=${caCertRef.key}=<CA file>`,
      options,
    );
  } else if (caCert) {
    pem = Buffer.from(caCert, 'base64').toString('utf8');
  }
  if (pem !== undefined && !pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw configurationError(
      caCertRef
        ? `Secret ${caCertRef.name}, key ${caCertRef.key}, holds no PEM certificate`
        : 'spec.objectStorage.caCert is not a PEM certificate in base64',
    );
  }
  return pem;
}

async function readSecret(
  selector: SecretKey,
  purpose: string,
  command: string,
  options: OpenObjectStoreOptions,
): Promise<string> {
  const { client, namespace, signal } = options;
  const secret = await client.get<Secret>(
    coreTypes.secrets,
    { namespace, name: selector.name },
    signal ? { signal } : {},
  );
  if (!secret) {
    throw configurationError(
      `Secret ${selector.name} with ${purpose} does not exist in namespace ${namespace}: ${command}`,
    );
  }
  const value = secret.data?.[selector.key];
  if (value === undefined) {
    const keys = Object.keys(secret.data ?? {});
    throw configurationError(
      `Secret ${selector.name} in namespace ${namespace} has no key "${
        selector.key
      }" with ${purpose}, only ${
        keys.length > 0 ? keys.map(key => `"${key}"`).join(', ') : 'no keys'
      }`,
    );
  }
  return Buffer.from(value, 'base64').toString('utf8');
}
