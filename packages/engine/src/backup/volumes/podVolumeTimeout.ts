import {
  Backup,
  defaults,
  parseDurationOr,
  veleroAnnotations,
} from '@lifeboat/velero-api';

/** How long the file-system backups of a Backup may take, in milliseconds. Velero: `--fs-backup-timeout`. */
export function podVolumeTimeout(backup: Pick<Backup, 'metadata'>): number {
  return parseDurationOr(
    backup.metadata.annotations?.[veleroAnnotations.podVolumeTimeout],
    defaults.fsBackupTimeout,
  );
}
