import type { ClaimData, RepositoryData } from './VolumeRecords';

/** What a restore does for the content of one claim. */
export type ClaimPlan =
  /** The content is written into a new volume, which is handed over to the claim. */
  | { method: 'download'; data: RepositoryData }
  /** A new volume; the files are written through the restored pod that mounts it. */
  | { method: 'files'; data: RepositoryData; pod: string }
  /** A new volume, made by the storage system from a snapshot that is still there. */
  | { method: 'snapshot'; volumeSnapshot: string }
  /** The claim is there and got its content before the objects were restored. */
  | { method: 'in-place' }
  /** The backup does not have the content: the claim gets a new, empty volume, or the one that is restored with it. */
  | { method: 'empty'; reason?: string }
  /** The content should be there and is not: the claim stays Pending, so that nothing starts on an empty volume. */
  | { method: 'lost'; reason: string };

/** What decides besides the backup. */
export interface ClaimQuestion {
  data: ClaimData;
  /** `spec.restorePVs` of the Restore. */
  restoreVolumes: boolean;
  /** Whether the claim has got its content in place already. */
  restoredInPlace: boolean;
  /** Whether a pod of the backup is restored, and its files may be written through the node. */
  isFilledThroughPod(pod: string): boolean;
  /** Whether this cluster knows VolumeSnapshots. */
  servesSnapshots: boolean;
  /** The one namespace whose repository a tenant may read; absent for admins. */
  onlyRepository?: string;
}

/**
 * Decides how one claim gets its content. Pure: preview and restore use it alike.
 *
 * Source: Velero, persistent volumes and `velero.io/csi-pvc-restorer`.
 */
export function decideClaim(question: ClaimQuestion): ClaimPlan {
  const { data, onlyRepository } = question;
  if (!question.restoreVolumes) {
    return {
      method: 'empty',
      ...(data.kind !== 'none' && {
        reason: 'the Restore leaves volumes out (spec.restorePVs)',
      }),
    };
  }
  if (question.restoredInPlace) {
    return { method: 'in-place' };
  }
  if (
    (data.kind === 'moved' || data.kind === 'files') &&
    onlyRepository !== undefined &&
    data.repositoryNamespace !== onlyRepository
  ) {
    return {
      method: 'lost',
      reason: `its data is in the repository of namespace ${data.repositoryNamespace}, which only admins restore from`,
    };
  }
  switch (data.kind) {
    case 'moved':
      return { method: 'download', data };
    case 'files':
      return question.isFilledThroughPod(data.pod)
        ? { method: 'files', data, pod: data.pod }
        : { method: 'download', data };
    case 'snapshot':
      return question.servesSnapshots
        ? { method: 'snapshot', volumeSnapshot: data.volumeSnapshot }
        : {
            method: 'lost',
            reason:
              'its data is in a snapshot of the storage system, and this cluster does not serve VolumeSnapshots',
          };
    case 'lost':
      return { method: 'lost', reason: data.reason };
    default:
      return { method: 'empty' };
  }
}
