import { createHash } from 'node:crypto';

/**
 * The name of an object that a restore makes, the same each time, so that making it twice is harmless: the beginning of the
 * Restore's name and a digest of what it is for.
 *
 * @param restore - name and UID of the Restore
 * @param parts - what the object is for, such as namespace and claim
 */
export function operationName(
  restore: { name: string; uid: string },
  ...parts: string[]
): string {
  const digest = createHash('sha256')
    .update([restore.uid, ...parts].join('/'))
    .digest('hex');
  const start = restore.name.slice(0, 40).replace(/[^a-z0-9]+$/, '');
  return `${start}-${digest.slice(0, 10)}`;
}

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
