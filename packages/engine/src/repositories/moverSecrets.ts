import {
  storageProvider,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { defaultCredential } from '../storage/locationSecrets';
import { passwordSecretOf, repositoryPasswordKey } from './repositorySecrets';

/** One key of a Secret in the control namespace. @public */
export interface MountedSecret {
  secret: string;
  key: string;
}

/** What a mover needs besides its rights in the cluster. @public */
export interface MoverSecrets {
  password: MountedSecret;
  /** Absent where the storage needs no credentials: a folder. */
  credentials?: MountedSecret;
  /** The certificates of the storage, where the location names a Secret with them. */
  ca?: MountedSecret;
}

/**
 * The Secrets that are mounted into a mover's pod: of each, only the key named.
 *
 * @param repository - the BackupRepository; without it, the password of the installation
 * @public
 */
export function moverSecrets(
  location: BackupStorageLocation,
  repository?: BackupRepository,
): MoverSecrets {
  const { credential, objectStorage } = location.spec;
  const password = {
    secret: passwordSecretOf(repository),
    key: repositoryPasswordKey,
  };
  if (storageProvider(location.spec) === 'filesystem') return { password };
  return {
    password,
    credentials: credential?.name
      ? { secret: credential.name, key: credential.key }
      : { secret: defaultCredential.name, key: defaultCredential.key },
    ...(objectStorage?.caCertRef?.name && {
      ca: {
        secret: objectStorage.caCertRef.name,
        key: objectStorage.caCertRef.key,
      },
    }),
  };
}
