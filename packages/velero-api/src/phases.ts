/**
 * Phases of a Backup in the order in which they can follow each other. The installed CRD refuses any other text.
 *
 * @public
 */
export const backupPhases = [
  'New',
  'Queued',
  'ReadyToStart',
  'FailedValidation',
  'InProgress',
  'WaitingForPluginOperations',
  'WaitingForPluginOperationsPartiallyFailed',
  'Finalizing',
  'FinalizingPartiallyFailed',
  'Completed',
  'PartiallyFailed',
  'Failed',
  'Deleting',
] as const;

/**
 * Phase of a Backup.
 *
 * @public
 */
export type BackupPhase = (typeof backupPhases)[number];

/**
 * Phases of a Restore.
 *
 * @public
 */
export const restorePhases = [
  'New',
  'FailedValidation',
  'InProgress',
  'WaitingForPluginOperations',
  'WaitingForPluginOperationsPartiallyFailed',
  'Completed',
  'PartiallyFailed',
  'Failed',
  'Finalizing',
  'FinalizingPartiallyFailed',
] as const;

/**
 * Phase of a Restore.
 *
 * @public
 */
export type RestorePhase = (typeof restorePhases)[number];

/**
 * Phases of a Schedule.
 *
 * @public
 */
export const schedulePhases = ['New', 'Enabled', 'FailedValidation'] as const;

/**
 * Phase of a Schedule.
 *
 * @public
 */
export type SchedulePhase = (typeof schedulePhases)[number];

/**
 * Phases of a BackupStorageLocation and of a VolumeSnapshotLocation.
 *
 * @public
 */
export const storageLocationPhases = ['Available', 'Unavailable'] as const;

/**
 * Phase of a BackupStorageLocation or VolumeSnapshotLocation.
 *
 * @public
 */
export type StorageLocationPhase = (typeof storageLocationPhases)[number];

/**
 * Phases of a DeleteBackupRequest.
 *
 * @public
 */
export const deleteBackupRequestPhases = [
  'New',
  'InProgress',
  'Processed',
] as const;

/**
 * Phase of a DeleteBackupRequest.
 *
 * @public
 */
export type DeleteBackupRequestPhase =
  (typeof deleteBackupRequestPhases)[number];

/**
 * Phases of a DownloadRequest and of a ServerStatusRequest.
 *
 * @public
 */
export const requestPhases = ['New', 'Processed'] as const;

/**
 * Phase of a DownloadRequest or ServerStatusRequest.
 *
 * @public
 */
export type RequestPhase = (typeof requestPhases)[number];

/**
 * Phases of the resources that move volume data: PodVolumeBackup, PodVolumeRestore, DataUpload, DataDownload.
 *
 * @public
 */
export const dataPathPhases = [
  'New',
  'Accepted',
  'Prepared',
  'InProgress',
  'Canceling',
  'Canceled',
  'Completed',
  'Failed',
] as const;

/**
 * Phase of a PodVolumeBackup, PodVolumeRestore, DataUpload or DataDownload.
 *
 * @public
 */
export type DataPathPhase = (typeof dataPathPhases)[number];

/**
 * Phases of a BackupRepository.
 *
 * @public
 */
export const backupRepositoryPhases = ['New', 'Ready', 'NotReady'] as const;

/**
 * Phase of a BackupRepository.
 *
 * @public
 */
export type BackupRepositoryPhase = (typeof backupRepositoryPhases)[number];

const terminalBackupPhases: readonly string[] = [
  'FailedValidation',
  'Completed',
  'PartiallyFailed',
  'Failed',
];

const terminalRestorePhases: readonly string[] = [
  'FailedValidation',
  'Completed',
  'PartiallyFailed',
  'Failed',
];

const terminalDataPathPhases: readonly string[] = [
  'Canceled',
  'Completed',
  'Failed',
];

/**
 * Whether a Backup has ended. `Deleting` has not: a DeleteBackupRequest is at work. No phase counts as `New`.
 *
 * @public
 */
export function isTerminalBackupPhase(phase: string | undefined): boolean {
  return phase !== undefined && terminalBackupPhases.includes(phase);
}

/**
 * Whether a Restore has ended. No phase counts as `New`.
 *
 * @public
 */
export function isTerminalRestorePhase(phase: string | undefined): boolean {
  return phase !== undefined && terminalRestorePhases.includes(phase);
}

/**
 * Whether a PodVolumeBackup, PodVolumeRestore, DataUpload or DataDownload has ended.
 *
 * @public
 */
export function isTerminalDataPathPhase(phase: string | undefined): boolean {
  return phase !== undefined && terminalDataPathPhases.includes(phase);
}

/**
 * Whether a backup in this phase holds something that can be restored: only a finished one does.
 *
 * @public
 */
export function isRestorableBackupPhase(phase: string | undefined): boolean {
  return phase === 'Completed' || phase === 'PartiallyFailed';
}

/**
 * Whether a Schedule must not make another Backup while one of its backups is in this phase.
 * Velero: no phase, `New` and `InProgress` block; `Queued`, `ReadyToStart` and the phases after `InProgress` do not.
 *
 * @public
 */
export function blocksNextScheduledBackup(phase: string | undefined): boolean {
  return !phase || phase === 'New' || phase === 'InProgress';
}

/**
 * Whether a DeleteBackupRequest must be refused because the backup is being made ("backup is still in progress").
 *
 * @public
 */
export function isBackupInProgress(phase: string | undefined): boolean {
  return (
    phase === 'InProgress' ||
    phase === 'WaitingForPluginOperations' ||
    phase === 'WaitingForPluginOperationsPartiallyFailed' ||
    phase === 'Finalizing' ||
    phase === 'FinalizingPartiallyFailed'
  );
}
