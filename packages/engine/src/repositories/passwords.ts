import { randomBytes } from 'node:crypto';
import type { BackupRepository } from '@lifeboat/velero-api';
import { isAlreadyExists } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject } from '../cluster/KubernetesObject';
import { coreTypes } from '../cluster/knownTypes';
import {
  installationPasswordSecret,
  ownPasswordSecret,
  passwordSecretCandidates,
  repositoryPasswordKey,
} from './repositorySecrets';

interface Options {
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  signal: AbortSignal;
}

/** A password with the Secret that it is in. */
export interface RepositoryPassword {
  secret: string;
  /** UID of the Secret: another one under its name is another password. */
  uid: string;
  value: string;
}

/** What a Secret is for us. */
interface PasswordSecret extends ApiObject {
  type?: string;
  immutable?: boolean;
  data?: Record<string, string>;
}

/**
 * Reads a password; blanks around it do not count (Velero: repository password).
 *
 * @returns undefined when there is no such Secret
 * @throws Error when the Secret holds no password
 */
export async function readPassword(
  secret: string,
  { client, namespace, signal }: Options,
): Promise<RepositoryPassword | undefined> {
  const found = await client.get<PasswordSecret>(
    coreTypes.secrets,
    { namespace, name: secret },
    { signal },
  );
  return found && passwordOf(found, namespace);
}

/** All passwords that a repository may have, the likeliest first. */
export async function knownPasswords(
  repository: BackupRepository,
  options: Options,
): Promise<RepositoryPassword[]> {
  const known: RepositoryPassword[] = [];
  for (const secret of passwordSecretCandidates(repository)) {
    const password = await readPassword(secret, options);
    if (password) known.push(password);
  }
  return known;
}

/**
 * The password for a repository that is about to be made: the installation's, or one of its own. A Secret that is missing is
 * made with a random password; one that exists is never changed.
 */
export async function passwordForNew(
  repository: BackupRepository,
  mode: 'installation' | 'repository',
  options: Options,
): Promise<RepositoryPassword> {
  const secret =
    mode === 'repository'
      ? ownPasswordSecret(repository.metadata.name ?? '')
      : installationPasswordSecret;
  return ensurePassword(secret, options);
}

/** Reads a password, or makes a random one when its Secret is absent. */
export async function ensurePassword(
  secret: string,
  options: Options,
): Promise<RepositoryPassword> {
  const { client, namespace, signal } = options;
  const existing = await readPassword(secret, options);
  if (existing) return existing;
  try {
    const created = await client.create<PasswordSecret>(
      coreTypes.secrets,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          namespace,
          name: secret,
          annotations: {
            'lifeboat.dev/description':
              'Decrypts the data of volumes in the backup storage. Without it, that data is lost: keep an export elsewhere.',
          },
        },
        type: 'Opaque',
        immutable: true,
        data: {
          [repositoryPasswordKey]: Buffer.from(
            randomBytes(32).toString('base64url'),
          ).toString('base64'),
        },
      },
      { signal },
    );
    return passwordOf(created, namespace);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const other = await readPassword(secret, options);
    if (!other) throw error;
    return other;
  }
}

function passwordOf(
  secret: PasswordSecret,
  namespace: string,
): RepositoryPassword {
  const { name = '', uid = '' } = secret.metadata;
  const value = Buffer.from(
    secret.data?.[repositoryPasswordKey] ?? '',
    'base64',
  )
    .toString('utf8')
    .trim();
  if (value === '') {
    throw new Error(
      `Secret ${name} in namespace ${namespace} has no "${repositoryPasswordKey}"; it is not replaced, because repositories may be encrypted with it: restore it from your export`,
    );
  }
  return { secret: name, uid, value };
}
