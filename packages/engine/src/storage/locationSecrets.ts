import type {
  BackupStorageLocation,
  SecretKeySelector,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject } from '../cluster/KubernetesObject';
import { coreTypes } from '../cluster/knownTypes';
import { configurationError } from './configurationError';

/** @public */
export interface SecretKey {
  name: string;
  key: string;
}

/** The Secret that OADP and Velero use when a location names none. @public */
export const defaultCredential: SecretKey = {
  name: 'cloud-credentials',
  key: 'cloud',
};

interface Options {
  /** Reads the Secrets that the location names. */
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  signal?: AbortSignal;
}

/** What a Secret is for us. */
interface Secret extends ApiObject {
  data?: Record<string, string>;
}

/** The Secret with the credentials of a location. */
export function credentialOf(selector: SecretKeySelector | undefined) {
  return selector?.name
    ? { name: selector.name, key: selector.key }
    : defaultCredential;
}

/**
 * The text of a location's credentials file.
 *
 * @throws StorageError with reason `configuration` and the command that helps
 */
export async function readCredentialsText(
  location: BackupStorageLocation,
  options: Options,
): Promise<string> {
  const from = credentialOf(location.spec.credential);
  return readSecret(
    from,
    'the credentials',
    `kubectl -n ${options.namespace} create secret generic ${from.name} --from-file=${from.key}=<credentials file>`,
    options,
  );
}

/**
 * The certificates of a location's storage as PEM; undefined when it names none.
 *
 * @throws StorageError with reason `configuration`
 */
export async function readCertificateAuthority(
  location: BackupStorageLocation,
  options: Options,
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
  options: Options,
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
