import type { BackupStorageLocation } from '@lifeboat/velero-api';
import type { BackupStore } from './BackupStore';
import { ObjectBackupStore } from './ObjectBackupStore';
import {
  openObjectStore,
  type OpenObjectStoreOptions,
} from './openObjectStore';

/**
 * Opens the backups of a location.
 *
 * @throws StorageError with what to correct
 * @public
 */
export async function openBackupStore(
  location: BackupStorageLocation,
  options: OpenObjectStoreOptions,
): Promise<BackupStore> {
  const objects = await openObjectStore(location, options);
  return new ObjectBackupStore(objects, {
    name: location.metadata.name ?? '',
    readOnly: location.spec.accessMode === 'ReadOnly',
    ...(location.spec.objectStorage.prefix
      ? { prefix: location.spec.objectStorage.prefix }
      : {}),
  });
}
