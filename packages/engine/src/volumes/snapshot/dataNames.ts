import { createHash } from 'crypto';
import { validLabelValue } from '@lifeboat/velero-api';

/** The parts of a Backup that names are derived from. */
export interface NamedBackup {
  name: string;
  uid: string;
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('/')).digest('hex');
}

/**
 * The name of an object that a run makes, the same each time, so that making it twice is harmless: the beginning of the run's
 * name and a digest of what it is for.
 *
 * @param run - name and UID of the Backup or Restore
 * @param parts - what the object is for, such as namespace and claim
 */
export function operationName(
  run: { name: string; uid: string },
  ...parts: string[]
): string {
  // What is left after the cut must not end in a dot or dash before another dash.
  const start = run.name.slice(0, 40).replace(/[^a-z0-9]+$/, '');
  return `${start}-${digest(run.uid, ...parts).slice(0, 10)}`;
}

/** Name of the VolumeSnapshot that a backup makes of a claim, in the claim's namespace. */
export function volumeSnapshotName(
  backup: NamedBackup,
  claimUid: string,
): string {
  return `lifeboat-${digest(backup.uid, claimUid).slice(0, 16)}`;
}

/** Name of the DataUpload of a claim: always the same, so that making it twice is harmless. */
export function dataUploadName(backup: NamedBackup, claimUid: string): string {
  return operationName(backup, claimUid);
}

/** Name of the PodVolumeBackup of a pod's volume. */
export function podVolumeBackupName(
  backup: NamedBackup,
  podUid: string,
  volume: string,
): string {
  return operationName(backup, podUid, volume);
}

/** Velero's id of the operation that moves a claim's data; fits into a label. */
export function dataUploadOperation(
  backup: NamedBackup,
  claimUid: string,
): string {
  return validLabelValue(`du-${backup.uid}.${claimUid}`);
}

/** On a VolumeSnapshot: UID of the Backup that made it. Everything with it goes when the backup fails. */
export const backupUidLabel = 'lifeboat.dev/backup-uid';
