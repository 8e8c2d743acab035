import {
  validLabelValue,
  veleroLabels,
  type Backup,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { storedInAnnotation } from './storageLocations';

/**
 * A backup found in storage as it is brought into a cluster (Velero: backup
 * sync): another namespace and location, owners only where they exist here.
 */
export function importedBackup(
  stored: Backup,
  options: {
    namespace: string;
    location: BackupStorageLocation;
    fingerprint: string;
    /** UIDs of the Schedules of this cluster. */
    scheduleUids: ReadonlySet<string>;
  },
): Backup {
  const { metadata } = stored;
  const location = options.location.metadata.name ?? '';
  const owners = (metadata.ownerReferences ?? []).filter(
    owner => owner.kind === 'Schedule' && options.scheduleUids.has(owner.uid),
  );
  return {
    apiVersion: stored.apiVersion,
    kind: stored.kind,
    metadata: {
      name: metadata.name,
      namespace: options.namespace,
      labels: {
        ...metadata.labels,
        [veleroLabels.storageLocation]: validLabelValue(location),
      },
      annotations: {
        ...metadata.annotations,
        [storedInAnnotation]: options.fingerprint,
      },
      ...(owners.length > 0 ? { ownerReferences: owners } : {}),
    },
    spec: { ...stored.spec, storageLocation: location },
    ...(stored.status ? { status: stored.status } : {}),
  };
}

/** What a listing of a location means for the Backups of the cluster. */
export interface SyncDecision {
  /** In storage, not in the cluster: to be read and perhaps brought in. */
  unknown: string[];
  /** In the cluster and in storage, but not yet marked as seen there. */
  unmarked: Backup[];
  /** Gone from storage for all we can tell from listings. */
  orphans: Backup[];
}

/**
 * Compares a complete listing with the cluster. A Backup is an orphan only if
 * it was seen in this very place before, is finished, is missing now and was
 * missing in the listing before; nothing is when the listing is empty, because
 * an empty bucket looks like a wrong one.
 *
 * @param listed - directories below `backups/`
 * @param backups - all Backups of the control namespace
 * @param missingBefore - UIDs that the previous complete listing lacked
 */
export function decideSync(options: {
  listed: readonly string[];
  backups: readonly Backup[];
  location: string;
  fingerprint: string;
  missingBefore: ReadonlySet<string>;
}): SyncDecision & { missing: Set<string> } {
  const { listed, backups, location, fingerprint } = options;
  const inStorage = new Set(listed);
  const inCluster = new Set(backups.map(backup => backup.metadata.name ?? ''));
  const label = validLabelValue(location);
  const here = backups.filter(
    backup =>
      (backup.metadata.labels?.[veleroLabels.storageLocation] === label ||
        backup.spec.storageLocation === location) &&
      ['Completed', 'PartiallyFailed'].includes(backup.status?.phase ?? '') &&
      !backup.metadata.deletionTimestamp,
  );
  const marked = (backup: Backup) =>
    backup.metadata.annotations?.[storedInAnnotation] === fingerprint;
  const missing =
    listed.length === 0
      ? []
      : here.filter(
          backup =>
            !inStorage.has(backup.metadata.name ?? '') && marked(backup),
        );
  return {
    unknown: listed.filter(name => !inCluster.has(name)),
    unmarked: here.filter(
      backup => inStorage.has(backup.metadata.name ?? '') && !marked(backup),
    ),
    orphans: missing.filter(backup =>
      options.missingBefore.has(backup.metadata.uid ?? ''),
    ),
    missing: new Set(missing.map(backup => backup.metadata.uid ?? '')),
  };
}
