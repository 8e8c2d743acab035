import type { DataUpload } from '@lifeboat/velero-api';
import { snapshotExposer } from '../volumes/expose/snapshotExposer';
import type { TransferSlots } from '../volumes/movers/nodeSlots';
import { DataPathController } from './DataPathController';

/** Moves the content of CSI snapshots into repositories (Velero: `data_upload_controller.go`). */
export function createDataUploadController(
  slots: TransferSlots,
): DataPathController<DataUpload> {
  return new DataPathController<DataUpload>(
    {
      name: 'data-upload',
      kind: 'DataUpload',
      exposer: snapshotExposer,
      finalizer: 'dataUploadDownload',
      isForeign: ({ spec }) => !isVeleroMover(spec.datamover),
      atNode: node => ({ node, nodeOS: 'linux' }),
      result: ({ snapshotID, incrementalBytes }) => ({
        snapshotID,
        ...(incrementalBytes === undefined ? {} : { incrementalBytes }),
      }),
    },
    slots,
  );
}

/** Other data movers have controllers of their own (velero.md §6.8). */
export function isVeleroMover(datamover: string | undefined): boolean {
  return datamover === undefined || datamover === '' || datamover === 'velero';
}
