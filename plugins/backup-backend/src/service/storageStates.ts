import type { StorageState } from '@lifeboat/backstage-plugin-backup-common';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { maskSecrets } from '../runs/maskSecrets';

/** Storage locations as users see them: no bucket, address or credential. */
export function storageStates(
  locations: BackupStorageLocation[],
): StorageState[] {
  return locations.map(({ metadata, status = {} }) => ({
    name: metadata.name ?? '',
    state: stateOf(status.phase),
    ...(status.message && { message: maskSecrets(status.message) }),
    ...(status.lastValidationTime && {
      lastValidated: status.lastValidationTime,
    }),
  }));
}

function stateOf(phase: string | undefined): StorageState['state'] {
  switch (phase) {
    case 'Available':
      return 'available';
    case 'Unavailable':
      return 'unavailable';
    default:
      return 'unknown';
  }
}
