import {
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { isAlreadyExists } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import { stringifyJson } from '../cluster/json';
import type { ApiObject } from '../cluster/KubernetesObject';
import { coreTypes } from '../cluster/knownTypes';
import type {
  BackupRecord,
  RecordSigner,
  SignedRecord,
  Verification,
} from './RecordSigner';

/** Name of the Secret that holds the key, in the control namespace. @public */
export const signingKeySecret = 'lifeboat-signing-key';

const keyName = 'key';
const minimumKeyBytes = 32;

/** A signer with a given key of at least 32 bytes. @public */
export function createRecordSigner(key: Buffer): RecordSigner {
  if (key.length < minimumKeyBytes) {
    throw new Error(
      `The signing key must have at least ${minimumKeyBytes} bytes`,
    );
  }
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const mac = (record: BackupRecord) =>
    createHmac('sha256', key)
      .update('lifeboat backup record\n')
      .update(stringifyJson(record, { sortKeys: true }))
      .digest();
  return {
    keyId,
    sign: record => ({
      record,
      signature: {
        algorithm: 'HMAC-SHA256',
        keyId,
        value: mac(record).toString('hex'),
      },
    }),
    verify: value => verify(value, keyId, mac),
  };
}

/**
 * The digest of a Backup's spec for its record: SHA-256 over JSON with sorted
 * members.
 * @public
 */
export function specDigest(spec: unknown): string {
  return createHash('sha256')
    .update(stringifyJson(spec, { sortKeys: true }))
    .digest('hex');
}

/** Verifies where there is no key: nothing can have been signed with it. */
function withoutKey(): RecordSigner {
  return {
    keyId: '',
    sign: () => {
      throw new Error(`There is no Secret ${signingKeySecret} to sign with`);
    },
    verify: value => verify(value, '', () => randomBytes(minimumKeyBytes)),
  };
}

/**
 * The installation's signer. The Secret is created with a random key when
 * absent and never changed: backups signed with a lost key need an admin.
 *
 * @param options - `mayCreate: false` for who only verifies: in a cluster
 *   whose key is yet to be imported, a new one would stand in its way
 * @throws when the Secret has no usable key
 * @public
 */
export async function loadRecordSigner(options: {
  client: ClusterClient;
  namespace: string;
  signal?: AbortSignal;
  mayCreate?: boolean;
}): Promise<RecordSigner> {
  const { client, namespace, signal } = options;
  const ref = { namespace, name: signingKeySecret };
  const signalOption = signal ? { signal } : {};
  const read = () => client.get<Secret>(coreTypes.secrets, ref, signalOption);
  let secret = await read();
  if (!secret && options.mayCreate === false) return withoutKey();
  if (!secret) {
    try {
      secret = await client.create<Secret>(
        coreTypes.secrets,
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: {
            ...ref,
            annotations: {
              'lifeboat.dev/description':
                'Signs the records of backups. Export it together with velero-repo-credentials: without it, only an admin can restore existing backups.',
            },
          },
          type: 'Opaque',
          data: { [keyName]: randomBytes(32).toString('base64') },
        },
        signalOption,
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      secret = await read();
    }
  }
  const key = Buffer.from(secret?.data?.[keyName] ?? '', 'base64');
  if (key.length < minimumKeyBytes) {
    throw new Error(
      `Secret ${signingKeySecret} in namespace ${namespace} has no "${keyName}" of at least ${minimumKeyBytes} bytes; it is not replaced, because backups may be signed with it: restore it from your export`,
    );
  }
  return createRecordSigner(key);
}

interface Secret extends ApiObject {
  type?: string;
  data?: Record<string, string>;
}

function verify(
  value: unknown,
  keyId: string,
  mac: (record: BackupRecord) => Buffer,
): Verification {
  if (value === undefined || value === null) {
    return {
      verified: false,
      reason: 'missing',
      message: 'The backup carries no signed record: Lifeboat did not make it',
    };
  }
  if (!isSignedRecord(value)) {
    return {
      verified: false,
      reason: 'malformed',
      message: 'The record of the backup cannot be understood',
    };
  }
  if (value.signature.keyId !== keyId) {
    return {
      verified: false,
      reason: 'unknown-key',
      message:
        'The backup was signed by another installation, or with a key that was lost',
    };
  }
  const expected = mac(value.record);
  const actual = Buffer.from(value.signature.value, 'hex');
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    return {
      verified: false,
      reason: 'altered',
      message: 'The record of the backup was altered after it was signed',
    };
  }
  return { verified: true, record: value.record };
}

function isSignedRecord(value: unknown): value is SignedRecord {
  const { record, signature } = value as Partial<SignedRecord>;
  return (
    typeof record === 'object' &&
    record !== null &&
    record.version === 1 &&
    typeof record.backup === 'object' &&
    record.backup !== null &&
    typeof record.backup.name === 'string' &&
    typeof record.backup.specDigest === 'string' &&
    typeof record.tarballSha256 === 'string' &&
    Array.isArray(record.namespaces) &&
    Array.isArray(record.shared) &&
    typeof signature === 'object' &&
    signature !== null &&
    typeof signature.keyId === 'string' &&
    typeof signature.value === 'string'
  );
}
