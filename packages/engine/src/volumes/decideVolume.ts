import type { BackupSpec } from '@lifeboat/velero-api';

/** What happens to the data of one volume. */
export interface VolumeDecision {
  included: boolean;
  /** For people: why the data is not included. */
  reason: string;
  /** The backup's spec asks for the data expressly, so leaving it out is an error and not a warning. */
  asked: boolean;
}

/**
 * Decides what happens to the data of a claim.
 *
 * Objects only: volume data arrives with a later version, so nothing is included.
 */
export function decideVolume(spec: BackupSpec): VolumeDecision {
  const asked =
    spec.snapshotMoveData === true ||
    spec.defaultVolumesToFsBackup === true ||
    spec.snapshotVolumes === true;
  return {
    included: false,
    asked,
    reason: 'not included: volume data arrives with a later version',
  };
}
