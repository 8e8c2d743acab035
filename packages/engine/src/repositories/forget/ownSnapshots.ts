import type { SnapshotManifest } from '@lifeboat/kopia';
import { veleroLabels } from '@lifeboat/velero-api';

/** A snapshot that a backup's own records name. */
export interface RecordedSnapshot {
  /** Kopia manifest ID. */
  snapshotID: string;
  /** The namespace whose repository it is in. */
  volumeNamespace: string;
  /** Of a file-system backup: its source, `<namespace>/<pod>/<claim or volume>`. Absent for moved data. */
  podVolume?: string;
}

/** What is done with the snapshots of one repository. */
export interface OwnSnapshots {
  /** IDs of the backup's own. */
  own: string[];
  /** Recorded by the backup, but another's by what the repository says. */
  others: string[];
}

const podVolumePath = 'snapshot-pod-volume/kopia/';

/**
 * Which snapshots of a repository belong to a backup. What the repository itself says counts: the operation's ID or the backup's
 * UID among a snapshot's tags. Velero leaves snapshots of file-system backups without either; of those, the ones that the
 * backup's own list names, and whose source is the one named there, are its own. Nothing else ever is: a tarball may well carry
 * the DataUploads of other backups.
 *
 * @param uids - the UIDs under which the backup is known: the one it was made with, and that of its resource
 */
export function ownSnapshots(
  uids: readonly string[],
  recorded: readonly RecordedSnapshot[],
  stored: readonly Pick<SnapshotManifest, 'id' | 'source' | 'tags'>[],
): OwnSnapshots {
  const own: string[] = [];
  const others: string[] = [];
  for (const { id, source, tags } of stored) {
    const record = recorded.find(({ snapshotID }) => snapshotID === id);
    const operation = tags?.[veleroLabels.asyncOperationId];
    const backupUid = tags?.['backup-uid'];
    let isOwn: boolean;
    if (operation !== undefined) {
      isOwn = uids.some(uid => operation.startsWith(`du-${uid}.`));
    } else if (backupUid !== undefined) {
      isOwn = uids.includes(backupUid);
    } else {
      isOwn =
        record?.podVolume !== undefined &&
        source.path === `${podVolumePath}${record.podVolume}`;
    }
    if (isOwn) own.push(id);
    else if (record) others.push(id);
  }
  return { own, others };
}
