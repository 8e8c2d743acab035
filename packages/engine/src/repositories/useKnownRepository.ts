import type { VolumeRepository } from '@lifeboat/data-mover';
import { isKopiaError } from '@lifeboat/kopia';
import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ControllerContext } from '../controllers/Controller';
import { useRepository } from './openRepository';
import { knownPasswords, type RepositoryPassword } from './passwords';
import { installationPasswordSecret } from './repositorySecrets';

/** None of the passwords in the control namespace opens a repository. */
export class UnknownPasswordError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnknownPasswordError';
  }
}

/** What an administrator does about a missing password. */
export const importHint =
  'Import the exported keys (engine keys import), or create the Secret by hand if a password of its own is wanted';

const timeoutMs = 120_000;

/** A repository in a message. */
export function describeRepository(repository: BackupRepository): string {
  const { volumeNamespace, backupStorageLocation } = repository.spec;
  return `repository ${repository.metadata.name} (namespace ${volumeNamespace} in storage location ${backupStorageLocation})`;
}

/**
 * Opens a repository that exists with the password that fits, and hands it over.
 *
 * @throws UnknownPasswordError, or what opening and `action` throw
 */
export async function useKnownRepository<T>(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  action: (
    opened: VolumeRepository,
    password: RepositoryPassword,
    signal: AbortSignal,
  ) => Promise<T>,
): Promise<T> {
  const { volumeNamespace, backupStorageLocation } = repository.spec;
  const passwords = await knownPasswords(repository, context);
  const writable = location.spec.accessMode !== 'ReadOnly';
  for (const password of distinct(passwords)) {
    if (writable) context.beforeWrite();
    try {
      return await useRepository(
        context,
        {
          location,
          volumeNamespace,
          password: password.value,
          readOnly: !writable,
          // Also completes one whose making was interrupted.
          create: writable,
          timeoutMs,
        },
        (opened, signal) => action(opened, password, signal),
      );
    } catch (error) {
      if (!isKopiaError(error, 'invalid-password')) throw error;
    }
  }
  const name = describeRepository(repository);
  const secrets = passwords.map(({ secret }) => `Secret ${secret}`);
  throw new UnknownPasswordError(
    secrets.length > 0
      ? `The password of ${name} is not known: ${secrets.join(' and ')} ${
          secrets.length > 1 ? 'do' : 'does'
        } not open it. Import the keys that were exported where it was made (engine keys import --location ${backupStorageLocation})`
      : `The password of ${name} is not known: there is no Secret ${installationPasswordSecret} in namespace ${context.namespace}. ${importHint}`,
  );
}

/** Each password once: several Secrets may hold the same. */
function distinct(passwords: readonly RepositoryPassword[]) {
  return passwords.filter(
    (password, index) =>
      passwords.findIndex(({ value }) => value === password.value) === index,
  );
}
