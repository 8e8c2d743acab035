import type { DataDownload } from '@lifeboat/velero-api';
import { restoreExposer } from '../volumes/expose/restoreExposer';
import type { TransferSlots } from '../volumes/movers/nodeSlots';
import { DataPathController } from './DataPathController';
import { isVeleroMover } from './DataUploadController';

/** Brings data from repositories into new volumes (Velero: `data_download_controller.go`). */
export function createDataDownloadController(
  slots: TransferSlots,
): DataPathController<DataDownload> {
  return new DataPathController<DataDownload>(
    {
      name: 'data-download',
      kind: 'DataDownload',
      exposer: restoreExposer,
      finalizer: 'dataUploadDownload',
      isForeign: ({ spec }) => !isVeleroMover(spec.datamover),
      atNode: node => ({ node }),
    },
    slots,
  );
}
