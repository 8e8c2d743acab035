import type { BackupStorageLocation } from '@lifeboat/velero-api';

/**
 * Name of the location that a Backup goes to: the one it names, the one marked as default, or the configured default.
 * Source: Velero `prepareBackupRequest`.
 */
export function chooseLocation(
  wanted: string | undefined,
  locations: BackupStorageLocation[],
  configuredDefault: string,
): string {
  return (
    wanted ||
    locations.find(location => location.spec.default)?.metadata.name ||
    configuredDefault
  );
}

/**
 * Why a backup cannot be written to a location, or undefined.
 *
 * @param wanted - name given in the Backup itself; absent when a default was looked for
 */
export function locationProblem(
  name: string,
  location: BackupStorageLocation | undefined,
  wanted: string | undefined,
): string | undefined {
  if (!location) {
    return wanted
      ? `an existing backup storage location was not specified at backup creation time and the location ${name} was not found. Please address this issue (see \`kubectl get backupstoragelocations\` for the available ones) and create a new backup`
      : `an existing backup storage location was not specified at backup creation time and the default ${name} was not found. Please address this issue (see \`kubectl get backupstoragelocations\` for the available ones) and create a new backup`;
  }
  if (location.spec.accessMode === 'ReadOnly') {
    return `backup can't be created because backup storage location ${name} is currently in read-only mode`;
  }
  if (location.status?.phase === 'Unavailable') {
    const why = location.status.message ? `: ${location.status.message}` : '';
    return `backup can't be created because BackupStorageLocation ${name} is in Unavailable status${why}`;
  }
  return undefined;
}
