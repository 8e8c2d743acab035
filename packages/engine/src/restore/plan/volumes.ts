import type { BackupVolumeInfo } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** What a restore does with a PersistentVolume. */
export type VolumeRestore =
  /** The volume object is restored and its claim binds to it. */
  | 'restore'
  /** The claim gets a new, empty volume. */
  | 'provision';

/**
 * Decides by the backup's volume information, or for old backups by the volume alone.
 *
 * Source: Velero, persistent volumes.
 */
export function decideVolumeRestore(
  volume: KubernetesObject,
  info: BackupVolumeInfo | undefined,
): VolumeRestore {
  if (info?.backupMethod) {
    return 'provision';
  }
  return stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Delete'
    ? 'provision'
    : 'restore';
}
