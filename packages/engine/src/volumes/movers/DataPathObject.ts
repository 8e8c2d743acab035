import type {
  DataDownload,
  DataPathPhase,
  DataUpload,
  PodVolumeBackup,
  PodVolumeRestore,
} from '@lifeboat/velero-api';
import { isTerminalDataPathPhase } from '@lifeboat/velero-api';

/** A custom resource that moves the data of one volume. */
export type DataPathObject =
  | DataUpload
  | DataDownload
  | PodVolumeBackup
  | PodVolumeRestore;

/** Annotations on resources that move data. */
export const dataPathAnnotations = {
  /** On a DataUpload: the snapshot in the storage system. */
  snapshotHandle: 'lifeboat.dev/snapshot-handle',
  /** On a DataUpload: the VolumeSnapshotContent that the application's VolumeSnapshot is bound to. */
  snapshotContent: 'lifeboat.dev/snapshot-content',
  /** On a DataUpload: the storage refused a read-only claim. */
  readOnlyRefused: 'lifeboat.dev/read-only-refused',
  /** How the mover ended, as JSON. */
  moverResult: 'lifeboat.dev/mover-result',
  /** When the engine first saw that the end was asked for while the mover was at work. */
  cancelingSince: 'lifeboat.dev/canceling-since',
  /** The volume of the temporary claim, noted before both are deleted. */
  temporaryVolume: 'lifeboat.dev/temporary-volume',
  /** On a DataDownload: the volume with the data, once nothing but the hand-over is left. */
  volume: 'lifeboat.dev/volume',
  /** On a DataDownload: the reclaim policy that the volume gets back. */
  reclaimPolicy: 'lifeboat.dev/reclaim-policy',
} as const;

/** The phase; none counts as `New`. */
export function phaseOf(object: DataPathObject): DataPathPhase {
  return object.status?.phase || 'New';
}

/** Whether somebody wants it to end: the cancel field, or the deletion of the resource. */
export function isEndRequested(object: DataPathObject): boolean {
  return (
    object.spec.cancel === true ||
    object.metadata.deletionTimestamp !== undefined
  );
}

/** The namespace whose repository holds the data. */
export function volumeNamespaceOf(object: DataPathObject): string {
  if (object.kind === 'PodVolumeBackup') return object.spec.pod.namespace ?? '';
  return object.spec.sourceNamespace;
}

/** The node on which the data is moved, once it is known. */
export function nodeOf(object: DataPathObject): string | undefined {
  if (object.kind === 'PodVolumeBackup') return object.spec.node;
  return object.status?.node;
}

/** Whether it takes up one of the transfers that may run in the cluster. */
export function isUnderway(object: DataPathObject): boolean {
  const phase = phaseOf(object);
  return phase !== 'New' && !isTerminalDataPathPhase(phase);
}

/** Whether its data is being moved at this moment. */
export function isMoving(object: DataPathObject): boolean {
  const phase = phaseOf(object);
  return phase === 'InProgress' || phase === 'Canceling';
}
