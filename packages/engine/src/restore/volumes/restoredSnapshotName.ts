import { createHash } from 'node:crypto';

/**
 * The name that a VolumeSnapshot and its content get in a restore.
 *
 * Source: Velero `GenerateSha256FromRestoreUIDAndVsName`.
 */
export function restoredSnapshotName(
  restoreUid: string,
  volumeSnapshot: string,
): string {
  return createHash('sha256')
    .update(`${restoreUid}/${volumeSnapshot}`)
    .digest('hex');
}
