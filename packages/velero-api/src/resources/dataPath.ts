import type {
  VeleroResource,
  VeleroV1,
  VeleroV2alpha1,
} from '../meta/ObjectMeta';
import type { ObjectReference } from '../meta/references';
import type { BackupRepositoryPhase, DataPathPhase } from '../phases';

/**
 * Program that moves files. `restic` is only read from old backups.
 *
 * @public
 */
export type UploaderType = 'kopia' | 'restic' | '';

/**
 * Bytes moved so far.
 *
 * @public
 */
export interface DataMoveProgress {
  totalBytes?: number;
  bytesDone?: number;
}

/**
 * What all data-path resources report.
 *
 * @public
 */
export interface DataPathStatus {
  phase?: DataPathPhase;
  message?: string;
  startTimestamp?: string;
  completionTimestamp?: string;
  acceptedTimestamp?: string;
  progress?: DataMoveProgress;
}

/**
 * A file-system backup of one volume of a running pod.
 *
 * @public
 */
export interface PodVolumeBackupSpec {
  node: string;
  pod: ObjectReference;
  volume: string;
  backupStorageLocation: string;
  /** Required by the CRD, empty today. */
  repoIdentifier: string;
  uploaderType?: UploaderType;
  tags?: Record<string, string>;
  uploaderSettings?: Record<string, string>;
  cancel?: boolean;
}

/**
 * What has become of a PodVolumeBackup.
 *
 * @public
 */
export interface PodVolumeBackupStatus extends DataPathStatus {
  /** Where the volume is mounted in the pod that moves the data. */
  path?: string;
  /** Kopia manifest ID. */
  snapshotID?: string;
  incrementalBytes?: number;
}

/**
 * A file-system backup of one volume of a running pod.
 *
 * @public
 */
export type PodVolumeBackup = VeleroResource<
  VeleroV1,
  'PodVolumeBackup',
  PodVolumeBackupSpec,
  PodVolumeBackupStatus
>;

/**
 * Brings the files of a PodVolumeBackup back into a pod's volume.
 *
 * @public
 */
export interface PodVolumeRestoreSpec {
  pod: ObjectReference;
  volume: string;
  backupStorageLocation: string;
  repoIdentifier: string;
  uploaderType?: UploaderType;
  snapshotID: string;
  sourceNamespace: string;
  uploaderSettings?: Record<string, string>;
  cancel?: boolean;
  snapshotSize?: number;
}

/**
 * What has become of a PodVolumeRestore.
 *
 * @public
 */
export interface PodVolumeRestoreStatus extends DataPathStatus {
  node?: string;
}

/**
 * Brings the files of a PodVolumeBackup back into a pod's volume.
 *
 * @public
 */
export type PodVolumeRestore = VeleroResource<
  VeleroV1,
  'PodVolumeRestore',
  PodVolumeRestoreSpec,
  PodVolumeRestoreStatus
>;

/**
 * A repository of volume data: one per namespace, location and type.
 *
 * @public
 */
export interface BackupRepositorySpec {
  volumeNamespace: string;
  backupStorageLocation: string;
  repositoryType?: UploaderType;
  /** No longer used. */
  resticIdentifier?: string;
  maintenanceFrequency: string;
  repositoryConfig?: Record<string, string>;
}

/**
 * One past maintenance run.
 *
 * @public
 */
export interface BackupRepositoryMaintenance {
  result?: 'Succeeded' | 'Failed';
  startTimestamp?: string;
  completeTimestamp?: string;
  message?: string;
}

/**
 * Whether a repository can be used, and its maintenance.
 *
 * @public
 */
export interface BackupRepositoryStatus {
  phase?: BackupRepositoryPhase;
  message?: string;
  lastMaintenanceTime?: string;
  recentMaintenance?: BackupRepositoryMaintenance[];
}

/**
 * A repository of volume data: one per namespace, location and type.
 *
 * @public
 */
export type BackupRepository = VeleroResource<
  VeleroV1,
  'BackupRepository',
  BackupRepositorySpec,
  BackupRepositoryStatus
>;

/**
 * Operating system of a node; `auto` leaves the choice to the data mover.
 *
 * @public
 */
export type NodeOS = 'auto' | 'linux' | 'windows';

/**
 * Moves the content of a snapshot into a repository.
 *
 * @public
 */
export interface DataUploadSpec {
  snapshotType: 'CSI';
  csiSnapshot?: {
    volumeSnapshot: string;
    storageClass: string;
    snapshotClass?: string;
    driver?: string;
  };
  sourcePVC: string;
  datamover?: string;
  backupStorageLocation: string;
  sourceNamespace: string;
  dataMoverConfig?: Record<string, string>;
  cancel?: boolean;
  operationTimeout: string;
}

/**
 * What has become of a DataUpload.
 *
 * @public
 */
export interface DataUploadStatus extends DataPathStatus {
  path?: string;
  /** Kopia manifest ID. */
  snapshotID?: string;
  dataMoverResult?: Record<string, string>;
  incrementalBytes?: number;
  node?: string;
  nodeOS?: NodeOS;
  acceptedByNode?: string;
}

/**
 * Moves the content of a snapshot into a repository.
 *
 * @public
 */
export type DataUpload = VeleroResource<
  VeleroV2alpha1,
  'DataUpload',
  DataUploadSpec,
  DataUploadStatus
>;

/**
 * Brings what a DataUpload moved back into a volume.
 *
 * @public
 */
export interface DataDownloadSpec {
  targetVolume: { pvc: string; pv: string; namespace: string };
  backupStorageLocation: string;
  datamover?: string;
  snapshotID: string;
  sourceNamespace: string;
  dataMoverConfig?: Record<string, string>;
  cancel?: boolean;
  operationTimeout: string;
  nodeOS?: NodeOS;
  snapshotSize?: number;
}

/**
 * What has become of a DataDownload.
 *
 * @public
 */
export interface DataDownloadStatus extends DataPathStatus {
  node?: string;
  acceptedByNode?: string;
}

/**
 * Brings what a DataUpload moved back into a volume.
 *
 * @public
 */
export type DataDownload = VeleroResource<
  VeleroV2alpha1,
  'DataDownload',
  DataDownloadSpec,
  DataDownloadStatus
>;

/**
 * What a DataUpload tells the DataDownload of a restore; JSON in a ConfigMap with the label `velero.io/resource-usage`.
 *
 * @public
 */
export interface DataUploadResult {
  backupStorageLocation: string;
  datamover?: string;
  snapshotID?: string;
  sourceNamespace: string;
  dataMoverResult?: Record<string, string>;
  nodeOS?: NodeOS;
  snapshotSize?: number;
}
