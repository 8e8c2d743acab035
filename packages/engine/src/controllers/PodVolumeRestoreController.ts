import type { PodVolumeRestore } from '@lifeboat/velero-api';
import { podVolumeRestoreExposer } from '../volumes/expose/podVolumeExposer';
import type { TransferSlots } from '../volumes/movers/nodeSlots';
import { DataPathController } from './DataPathController';

/** Writes volumes of restored pods that wait for their data (Velero: `pod_volume_restore_controller.go`). */
export function createPodVolumeRestoreController(
  slots: TransferSlots,
): DataPathController<PodVolumeRestore> {
  return new DataPathController<PodVolumeRestore>(
    {
      name: 'pod-volume-restore',
      kind: 'PodVolumeRestore',
      exposer: podVolumeRestoreExposer,
      finalizer: 'podVolume',
      atNode: node => ({ node }),
    },
    slots,
  );
}
