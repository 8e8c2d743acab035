import type { PodVolumeBackup } from '@lifeboat/velero-api';
import { podVolumeBackupExposer } from '../volumes/expose/podVolumeExposer';
import type { TransferSlots } from '../volumes/movers/nodeSlots';
import { DataPathController } from './DataPathController';

/** Copies mounted volumes of running pods into repositories (Velero: `pod_volume_backup_controller.go`). */
export function createPodVolumeBackupController(
  slots: TransferSlots,
): DataPathController<PodVolumeBackup> {
  return new DataPathController<PodVolumeBackup>(
    {
      name: 'pod-volume-backup',
      kind: 'PodVolumeBackup',
      exposer: podVolumeBackupExposer,
      finalizer: 'podVolume',
      isForeign: ({ spec }) => spec.uploaderType === 'restic',
      result: ({ snapshotID, incrementalBytes }) => ({
        snapshotID,
        ...(incrementalBytes === undefined ? {} : { incrementalBytes }),
      }),
    },
    slots,
  );
}
