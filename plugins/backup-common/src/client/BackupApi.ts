import type { CompoundEntityRef } from '@backstage/catalog-model';
import type {
  BackupSchedule,
  BackupScheduleList,
  CreateRecoveryPointRequest,
  CreateRestoreRequest,
  CreateScheduleRequest,
  DeletionRequest,
  Logs,
  Protection,
  RecoveryPoint,
  RecoveryPointDetail,
  RecoveryPointList,
  RestorePreview,
  RestorePreviewRequest,
  RestoreRun,
  RestoreRunDetail,
  RestoreRunList,
  Status,
  UpdateScheduleRequest,
} from '../api/viewModels';

/**
 * The entity whose backups are meant; `cluster` only where the user has chosen
 * one of several.
 *
 * @public
 */
export interface EntityOnCluster extends CompoundEntityRef {
  cluster?: string;
}

/** Options of every call. @public */
export interface BackupRequestOptions {
  /** Backstage token; in the browser the fetch API adds its own. */
  token?: string;
  signal?: AbortSignal;
}

/** Which page of a list. @public */
export interface PageOptions extends BackupRequestOptions {
  /** At most this many items, 1 to 500; the server's default is 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/**
 * The backup plugin's REST API.
 *
 * Reads are made for polling: as long as the server answers 304, the very same
 * object is returned again, so an unchanged answer can be told by identity.
 *
 * Every method throws `ResponseError` when the server refuses; `problemOf`
 * finds what a person can do about it.
 *
 * @public
 */
export interface BackupApi {
  getProtection(
    entity: EntityOnCluster,
    options?: BackupRequestOptions,
  ): Promise<Protection>;

  listRecoveryPoints(
    entity: EntityOnCluster,
    options?: PageOptions,
  ): Promise<RecoveryPointList>;

  createRecoveryPoint(
    entity: EntityOnCluster,
    request?: CreateRecoveryPointRequest,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint>;

  getRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPointDetail>;

  deleteRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<DeletionRequest>;

  getRecoveryPointLogs(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<Logs>;

  cancelRecoveryPoint(
    entity: EntityOnCluster,
    backup: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint>;

  previewRestore(
    entity: EntityOnCluster,
    backup: string,
    request?: RestorePreviewRequest,
    options?: BackupRequestOptions,
  ): Promise<RestorePreview>;

  listRestores(
    entity: EntityOnCluster,
    options?: PageOptions,
  ): Promise<RestoreRunList>;

  createRestore(
    entity: EntityOnCluster,
    request: CreateRestoreRequest,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun>;

  getRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRunDetail>;

  getRestoreLogs(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<Logs>;

  cancelRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun>;

  undoRestore(
    entity: EntityOnCluster,
    restore: string,
    options?: BackupRequestOptions,
  ): Promise<RestoreRun>;

  listSchedules(
    entity: EntityOnCluster,
    options?: BackupRequestOptions,
  ): Promise<BackupScheduleList>;

  createSchedule(
    entity: EntityOnCluster,
    request: CreateScheduleRequest,
    options?: BackupRequestOptions,
  ): Promise<BackupSchedule>;

  updateSchedule(
    entity: EntityOnCluster,
    schedule: string,
    request: UpdateScheduleRequest,
    options?: BackupRequestOptions,
  ): Promise<BackupSchedule>;

  deleteSchedule(
    entity: EntityOnCluster,
    schedule: string,
    options?: BackupRequestOptions,
  ): Promise<void>;

  runSchedule(
    entity: EntityOnCluster,
    schedule: string,
    options?: BackupRequestOptions,
  ): Promise<RecoveryPoint>;

  getStatus(options?: BackupRequestOptions): Promise<Status>;
}
