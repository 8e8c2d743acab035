import { BackupRuns } from './backup/BackupRuns';
import { BackupController } from './BackupController';
import { BackupLeftoversController } from './BackupLeftoversController';
import { createBackupRepositoryController } from './BackupRepositoryController';
import { createBackupStorageLocationController } from './BackupStorageLocationController';
import { createBackupSyncController } from './BackupSyncController';
import { TransferSlots } from '../volumes/movers/nodeSlots';
import type { Controller } from './Controller';
import { createDataDownloadController } from './DataDownloadController';
import { createDataUploadController } from './DataUploadController';
import { createDeleteBackupRequestController } from './DeleteBackupRequestController';
import { createGarbageCollectionController } from './GarbageCollectionController';
import { createPodVolumeBackupController } from './PodVolumeBackupController';
import { createPodVolumeRestoreController } from './PodVolumeRestoreController';
import { RestoreController } from './RestoreController';
import { createScheduleController } from './ScheduleController';
import { createUndoVolumesController } from './UndoVolumesController';

/**
 * Everything the engine does in a cluster. Backups and restores, deleted ones too, recover first: applications may be frozen or scaled down.
 * @public
 */
export function allControllers(): Controller[] {
  const slots = new TransferSlots();
  const backupRuns = new BackupRuns();
  return [
    new BackupLeftoversController(backupRuns),
    new BackupController(backupRuns),
    new RestoreController(),
    createBackupStorageLocationController(),
    createBackupRepositoryController(),
    createDataUploadController(slots),
    createDataDownloadController(slots),
    createPodVolumeBackupController(slots),
    createPodVolumeRestoreController(slots),
    createDeleteBackupRequestController(),
    createScheduleController(),
    createGarbageCollectionController(),
    createBackupSyncController(),
    createUndoVolumesController(),
  ];
}
