import { BackupController } from './BackupController';
import { createBackupRepositoryController } from './BackupRepositoryController';
import { createBackupStorageLocationController } from './BackupStorageLocationController';
import { createBackupSyncController } from './BackupSyncController';
import type { Controller } from './Controller';
import { createDeleteBackupRequestController } from './DeleteBackupRequestController';
import { createGarbageCollectionController } from './GarbageCollectionController';
import { RestoreController } from './RestoreController';
import { createScheduleController } from './ScheduleController';

/** Everything the engine does in a cluster. @public */
export function allControllers(): Controller[] {
  return [
    createBackupStorageLocationController(),
    createBackupRepositoryController(),
    new BackupController(),
    new RestoreController(),
    createDeleteBackupRequestController(),
    createScheduleController(),
    createGarbageCollectionController(),
    createBackupSyncController(),
  ];
}
