import type { BackupRepository } from '@lifeboat/velero-api';

/** The Secret with the password of all repositories of an installation (Velero: repository keys). @public */
export const installationPasswordSecret = 'velero-repo-credentials';

/** The key of a password in its Secret. @public */
export const repositoryPasswordKey = 'repository-password';

/**
 * On a BackupRepository: the Secret that holds its password.
 * @public
 */
export const passwordSecretAnnotation = 'lifeboat.dev/password-secret';

/** The Secret for a repository that has a password of its own. @public */
export function ownPasswordSecret(repositoryName: string): string {
  return `${installationPasswordSecret}-${repositoryName}`;
}

/**
 * The Secret for the repositories of a location that another installation wrote, and whose password differs from ours.
 * @public
 */
export function locationPasswordSecret(location: string): string {
  return `${installationPasswordSecret}.location.${location}`;
}

/**
 * The Secrets in which a repository's password may be, the likeliest first: the recorded one, its own, that of its location,
 * that of the installation.
 */
export function passwordSecretCandidates(
  repository: BackupRepository,
): string[] {
  const recorded = repository.metadata.annotations?.[passwordSecretAnnotation];
  return [
    ...new Set([
      ...(recorded && isPasswordSecret(recorded) ? [recorded] : []),
      ownPasswordSecret(repository.metadata.name ?? ''),
      locationPasswordSecret(repository.spec.backupStorageLocation),
      installationPasswordSecret,
    ]),
  ];
}

/** The Secret that holds a repository's password, as far as its resource tells. */
export function passwordSecretOf(repository?: BackupRepository): string {
  const recorded = repository?.metadata.annotations?.[passwordSecretAnnotation];
  return recorded && isPasswordSecret(recorded)
    ? recorded
    : installationPasswordSecret;
}

/** Anything else that an annotation names is not for a mover to see. */
function isPasswordSecret(name: string): boolean {
  return (
    name === installationPasswordSecret ||
    name.startsWith(`${installationPasswordSecret}-`) ||
    name.startsWith(`${installationPasswordSecret}.location.`)
  );
}
