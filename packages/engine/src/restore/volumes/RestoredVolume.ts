import type { ClaimPlan } from './decideClaim';

/** What a restore does, or would do, with the content of a claim or of another volume of a pod. */
export interface RestoredVolume {
  /** The claim; undefined for volumes that are the pod's own, such as emptyDir. */
  claim?: string;
  /** Where it goes. */
  namespace: string;
  /** Where it was. */
  sourceNamespace: string;
  method: ClaimPlan['method'];
  /** For people: why there is no content, or why it stays as it is. */
  reason?: string;
  /** Bytes of content, where known. */
  size?: number;
  /** The pod and its volume, for files that are written through a pod. */
  pod?: string;
  volume?: string;
  /** Kopia manifest ID, for content from a repository. */
  snapshotID?: string;
  /** Name of the DataDownload or PodVolumeRestore, once it is made. */
  operation?: string;
  /** Velero's ID of the operation, for DataDownloads. */
  operationId?: string;
  /** The restored VolumeSnapshot, for content that stayed in the storage system. */
  volumeSnapshot?: string;
}
