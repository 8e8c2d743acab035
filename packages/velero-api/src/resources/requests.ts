import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type { DeleteBackupRequestPhase, RequestPhase } from '../phases';

/**
 * Asks for the removal of a backup with all its data.
 *
 * @public
 */
export interface DeleteBackupRequestSpec {
  backupName: string;
}

/**
 * What has become of the removal. `Processed` with `errors`: the backup is still there, phase Deleting.
 *
 * @public
 */
export interface DeleteBackupRequestStatus {
  phase?: DeleteBackupRequestPhase;
  errors?: string[];
}

/**
 * Asks for the removal of a backup with all its data.
 *
 * @public
 */
export type DeleteBackupRequest = VeleroResource<
  VeleroV1,
  'DeleteBackupRequest',
  DeleteBackupRequestSpec,
  DeleteBackupRequestStatus
>;

/**
 * What a DownloadRequest can ask for.
 *
 * @public
 */
export const downloadTargetKinds = [
  'BackupLog',
  'BackupContents',
  'BackupVolumeSnapshots',
  'BackupItemOperations',
  'BackupResourceList',
  'BackupResults',
  'RestoreLog',
  'RestoreResults',
  'RestoreResourceList',
  'RestoreItemOperations',
  'CSIBackupVolumeSnapshots',
  'CSIBackupVolumeSnapshotContents',
  'BackupVolumeInfos',
  'RestoreVolumeInfo',
] as const;

/**
 * What a DownloadRequest can ask for.
 *
 * @public
 */
export type DownloadTargetKind = (typeof downloadTargetKinds)[number];

/**
 * Asks for a signed URL of one file of a backup or restore.
 *
 * @public
 */
export interface DownloadRequestSpec {
  target: { kind: DownloadTargetKind; name: string };
}

/**
 * The signed URL.
 *
 * @public
 */
export interface DownloadRequestStatus {
  phase?: RequestPhase;
  downloadURL?: string;
  expiration?: string;
}

/**
 * Asks for a signed URL of one file of a backup or restore.
 *
 * @public
 */
export type DownloadRequest = VeleroResource<
  VeleroV1,
  'DownloadRequest',
  DownloadRequestSpec,
  DownloadRequestStatus
>;

/**
 * What a server says about itself.
 *
 * @public
 */
export interface ServerStatusRequestStatus {
  phase?: RequestPhase;
  processedTimestamp?: string;
  serverVersion?: string;
  plugins?: { name: string; kind: string }[];
}

/**
 * Asks the server for its version and plugins.
 *
 * @public
 */
export type ServerStatusRequest = VeleroResource<
  VeleroV1,
  'ServerStatusRequest',
  Record<string, never>,
  ServerStatusRequestStatus
>;
