/**
 * Messages of a run, grouped by where they belong. Empty members are left out.
 *
 * @public
 */
export interface ResultMessages {
  velero?: string[];
  cluster?: string[];
  namespaces?: Record<string, string[]>;
}

/**
 * Content of `<backup>-results.gz` and `restore-<restore>-results.gz`.
 *
 * @public
 */
export interface RunResults {
  warnings: ResultMessages;
  errors: ResultMessages;
}

/**
 * Content of `<backup>-resource-list.json.gz`: `group/version/Kind` (core: `v1/Pod`) to sorted `namespace/name` or `name`.
 * In restores each value has `(created)`, `(updated)`, `(failed)` or `(skipped)` behind it.
 *
 * @public
 */
export type ResourceList = Record<string, string[]>;

/**
 * How the data of a volume was saved.
 *
 * @public
 */
export type BackupMethod = 'NativeSnapshot' | 'PodVolumeBackup' | 'CSISnapshot';

/**
 * Facts of a CSI snapshot. `ReadyToUse` has a capital letter in the file.
 *
 * @public
 */
export interface CsiSnapshotInfo {
  snapshotHandle: string;
  size: number;
  driver: string;
  vscName: string;
  operationID?: string;
  ReadyToUse?: boolean | null;
  volumeGroupSnapshotHandle?: string;
}

/**
 * Facts of data that was moved into a repository. `Phase` has a capital letter in the file.
 *
 * @public
 */
export interface SnapshotDataMovementInfo {
  dataMover: string;
  uploaderType: string;
  retainedSnapshot?: string;
  /** Kopia manifest ID. */
  snapshotHandle: string;
  operationID: string;
  size: number;
  incrementalSize?: number;
  Phase?: string;
}

/**
 * Facts of a snapshot of a storage provider.
 *
 * @public
 */
export interface NativeSnapshotInfo {
  snapshotHandle: string;
  volumeType: string;
  volumeAZ: string;
  iops: string;
  Phase?: string;
}

/**
 * Facts of a file-system backup of a volume.
 *
 * @public
 */
export interface PodVolumeInfo {
  snapshotHandle?: string;
  size?: number;
  incrementalSize?: number;
  uploaderType?: string;
  volumeName?: string;
  podName?: string;
  podNamespace?: string;
  nodeName?: string;
  Phase?: string;
}

/**
 * Facts of a PersistentVolume.
 *
 * @public
 */
export interface PvInfo {
  reclaimPolicy?: string;
  labels?: Record<string, string>;
}

/**
 * One element of `<backup>-volumeinfo.json.gz`. The file decides how a restore treats a volume, so every PV must be named.
 *
 * @public
 */
export interface BackupVolumeInfo {
  pvcName?: string;
  pvcNamespace?: string;
  pvName?: string;
  backupMethod?: BackupMethod;
  snapshotDataMoved: boolean;
  preserveLocalSnapshot: boolean;
  skipped: boolean;
  skippedReason?: string;
  startTimestamp?: string;
  completionTimestamp?: string;
  result?: 'succeeded' | 'failed';
  csiSnapshotInfo?: CsiSnapshotInfo;
  snapshotDataMovementInfo?: SnapshotDataMovementInfo;
  nativeSnapshotInfo?: NativeSnapshotInfo;
  pvbInfo?: PodVolumeInfo;
  pvInfo?: PvInfo;
}

/**
 * One element of `<restore>-volumeinfo.json.gz`.
 *
 * @public
 */
export interface RestoreVolumeInfo {
  pvcName?: string;
  pvcNamespace?: string;
  pvName?: string;
  restoreMethod?: 'NativeSnapshot' | 'PodVolumeRestore' | 'CSISnapshot';
  snapshotDataMoved: boolean;
  csiSnapshotInfo?: CsiSnapshotInfo;
  snapshotDataMovementInfo?: SnapshotDataMovementInfo;
  nativeSnapshotInfo?: NativeSnapshotInfo;
  pvrInfo?: PodVolumeInfo;
}

/**
 * Names an object in item operations. Its members have capital letters in the file.
 *
 * @public
 */
export interface ResourceIdentifier {
  Group: string;
  Resource: string;
  Namespace: string;
  Name: string;
}

/**
 * How far an asynchronous operation is.
 *
 * @public
 */
export interface ItemOperationStatus {
  phase?: 'New' | 'InProgress' | 'Completed' | 'Failed';
  error?: string;
  nCompleted?: number;
  nTotal?: number;
  operationUnits?: string;
  description?: string;
  created?: string;
  started?: string;
  updated?: string;
}

/**
 * One element of `<backup>-itemoperations.json.gz`.
 *
 * @public
 */
export interface BackupOperation {
  spec: {
    backupName: string;
    backupUID: string;
    backupItemAction: string;
    resourceIdentifier: ResourceIdentifier;
    operationID: string;
    postOperationItems?: ResourceIdentifier[];
  };
  status: ItemOperationStatus;
}

/**
 * One element of `restore-<restore>-itemoperations.json.gz`.
 *
 * @public
 */
export interface RestoreOperation {
  spec: {
    restoreName: string;
    restoreUID: string;
    restoreItemAction: string;
    resourceIdentifier: ResourceIdentifier;
    operationID: string;
  };
  status: ItemOperationStatus;
}

/**
 * One element of `<backup>-volumesnapshots.json.gz`.
 *
 * @public
 */
export interface NativeSnapshot {
  spec: {
    backupName: string;
    backupUID: string;
    location: string;
    persistentVolumeName: string;
    providerVolumeID: string;
    volumeType: string;
    volumeAZ?: string;
    volumeIOPS?: number;
  };
  status: {
    providerSnapshotID?: string;
    phase?: 'New' | 'Completed' | 'Failed';
  };
}
