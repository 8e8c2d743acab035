import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type { SecretKeySelector } from '../meta/references';
import type { StorageLocationPhase } from '../phases';

/**
 * What may be done with a location.
 *
 * @public
 */
export type BackupStorageLocationAccessMode = 'ReadOnly' | 'ReadWrite';

/**
 * Where in object storage.
 *
 * @public
 */
export interface ObjectStorageLocation {
  bucket: string;
  prefix?: string;
  /** PEM, base64-encoded. Not together with `caCertRef`. */
  caCert?: string;
  /** Secret key that holds PEM. */
  caCertRef?: SecretKeySelector;
}

/**
 * A place for backups in object storage. Velero: `velero.io/v1` BackupStorageLocation.
 *
 * @public
 */
export interface BackupStorageLocationSpec {
  /** `aws` for anything that speaks S3. */
  provider: string;
  /** Settings of the provider; all values are texts, also numbers and booleans. */
  config?: Record<string, string>;
  /** The Secret key with the credentials. */
  credential?: SecretKeySelector;
  objectStorage: ObjectStorageLocation;
  default?: boolean;
  /** Absent means ReadWrite. */
  accessMode?: BackupStorageLocationAccessMode;
  /** Go duration; absent: the server's; 0: never. */
  backupSyncPeriod?: string;
  /** Go duration; absent: the server's; 0: never. */
  validationFrequency?: string;
}

/**
 * Whether a location can be used.
 *
 * @public
 */
export interface BackupStorageLocationStatus {
  phase?: StorageLocationPhase;
  lastSyncedTime?: string;
  lastValidationTime?: string;
  message?: string;
  /** No longer written. */
  lastSyncedRevision?: string;
  /** No longer written. */
  accessMode?: BackupStorageLocationAccessMode;
}

/**
 * A place for backups in object storage.
 *
 * @public
 */
export type BackupStorageLocation = VeleroResource<
  VeleroV1,
  'BackupStorageLocation',
  BackupStorageLocationSpec,
  BackupStorageLocationStatus
>;
