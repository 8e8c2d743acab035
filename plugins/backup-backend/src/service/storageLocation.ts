import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { defaults } from '@lifeboat/velero-api';
import type { Cluster } from '../clusters/Cluster';
import { problemError } from '../problems/problemError';
import { noStorageLocation, storageUnavailable } from '../problems/problems';

/** The location that new backups go to: the one marked default, else the one named `default`, else the only one. */
export function defaultLocation(
  locations: BackupStorageLocation[],
): BackupStorageLocation | undefined {
  return (
    locations.find(({ spec }) => spec.default) ??
    locations.find(
      ({ metadata }) => metadata.name === defaults.storageLocation,
    ) ??
    (locations.length === 1 ? locations[0] : undefined)
  );
}

/**
 * The location for a new backup.
 *
 * @throws the problems `no-storage-location` and `storage-unavailable`
 */
export async function usableLocation(cluster: Cluster): Promise<string> {
  const location = defaultLocation(await cluster.control.locations.list());
  const name = location?.metadata.name;
  if (!location || !name) {
    throw problemError(noStorageLocation(cluster.control.namespace));
  }
  if (location.status?.phase === 'Unavailable') {
    throw problemError(
      storageUnavailable(
        cluster.control.namespace,
        name,
        location.status.message,
      ),
    );
  }
  return name;
}
