import {
  veleroLabels,
  type Backup,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { createHash } from 'node:crypto';

/**
 * The location a Backup lives in: by its spec, else the default one, else the
 * one with the configured name.
 */
export function locationNameOf(
  backup: Backup,
  defaultLocation: string,
): string {
  return (
    backup.spec?.storageLocation ||
    backup.metadata.labels?.[veleroLabels.storageLocation] ||
    defaultLocation
  );
}

/**
 * What tells one place from another: a location that is pointed to another
 * bucket is another place, whatever its name.
 */
export function placeFingerprint(location: BackupStorageLocation): string {
  const { provider, config, objectStorage } = location.spec;
  const place = [
    provider.replace(/^velero\.io\//, ''),
    config?.path ?? '',
    (config?.s3Url ?? '').replace(/\/$/, ''),
    config?.s3Url ? '' : config?.region ?? '',
    objectStorage?.bucket ?? '',
    (objectStorage?.prefix ?? '').replace(/\/$/, ''),
  ];
  return createHash('sha256')
    .update(JSON.stringify(place))
    .digest('hex')
    .slice(0, 16);
}

/** On a Backup: the place in which it is, by {@link placeFingerprint}. */
export const storedInAnnotation = 'lifeboat.dev/stored-in';

/**
 * What to add to a message about a Backup that is not found in its location:
 * empty, or that the location points to another place than when the Backup was
 * made.
 */
export function movedLocation(
  backup: Backup,
  location: BackupStorageLocation,
): string {
  const before = backup.metadata.annotations?.[storedInAnnotation];
  return before !== undefined && before !== placeFingerprint(location)
    ? `: location ${location.metadata.name} points to another place (bucket, prefix, address or path) than the one the backup was stored in; point it back, or make a location for the former place`
    : '';
}

/**
 * Whether what lies in storage under a Backup's name is that Backup. One that was brought in from storage has another UID here,
 * so its times tell; one that somebody wrote by hand has none.
 */
export function isSameBackup(stored: Backup, backup: Backup): boolean {
  const { startTimestamp, completionTimestamp } = backup.status ?? {};
  return (
    stored.metadata.uid === backup.metadata.uid ||
    startTimestamp === undefined ||
    (stored.status?.startTimestamp === startTimestamp &&
      stored.status?.completionTimestamp === completionTimestamp)
  );
}

/**
 * Which locations must lose the default mark, when several have it: the newest
 * keeps it (Velero: BackupStorageLocation controller).
 */
export function superfluousDefaults(
  locations: readonly BackupStorageLocation[],
): BackupStorageLocation[] {
  const [, ...others] = locations
    .filter(location => location.spec.default)
    .sort(
      (a, b) =>
        created(b) - created(a) ||
        (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
    );
  return others;
}

function created(location: BackupStorageLocation): number {
  return Date.parse(location.metadata.creationTimestamp ?? '') || 0;
}
