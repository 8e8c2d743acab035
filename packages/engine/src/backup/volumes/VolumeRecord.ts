import type { VolumeMethod } from '../../volumes/decide/VolumeDecision';

/** A volume whose data a backup takes: what was made for it. Part of the state that a later engine goes on from. */
export interface VolumeRecord {
  method: Exclude<VolumeMethod, 'skip'>;
  /** Why this method. */
  reason: string;
  /** When its operation began, RFC 3339. */
  startedAt: string;
  /** Absent for a volume that a pod brings itself. */
  claim?: { namespace: string; name: string; uid: string };
  /** How the volume is called in messages: `shop/data-db-0`. */
  title: string;
  snapshot?: {
    namespace: string;
    name: string;
    content: string;
    handle: string;
    snapshotClass: string;
    driver: string;
  };
  /** Velero's id of the asynchronous operation. */
  operationID?: string;
  /** Name in the control namespace. */
  dataUpload?: string;
  /** Name in the control namespace. */
  podVolumeBackup?: string;
}

/** What became of the volumes and hooks of a run. */
export interface TakenVolumes {
  records: VolumeRecord[];
  /** Objects that stay out of the finished tarball: their volume or hook failed. Keys of `itemKey`. */
  dropped: string[];
  hookStatus: { hooksAttempted?: number; hooksFailed?: number };
  /** For how long applications were frozen, at most. */
  freezeSeconds?: number;
  /** CSI snapshots that were asked for. */
  snapshotsAttempted: number;
}
