import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type {
  LabelSelector,
  TypedLocalObjectReference,
} from '../meta/references';
import type { BackupPhase } from '../phases';

/**
 * What happens when a hook fails.
 *
 * @public
 */
export type HookErrorMode = 'Continue' | 'Fail';

/**
 * A command to run in a container of a pod.
 *
 * @public
 */
export interface ExecHook {
  /** Name of the container; the pod's first one if absent. */
  container?: string;
  /** Program and arguments, no shell. At least one element. */
  command: string[];
  onError?: HookErrorMode;
  /** Go duration, `30s` if absent. */
  timeout?: string;
}

/**
 * One hook of a Backup.
 *
 * @public
 */
export interface BackupResourceHook {
  exec: ExecHook;
}

/**
 * Hooks for the pods that match, before and after they are backed up.
 *
 * @public
 */
export interface BackupResourceHookSpec {
  name: string;
  includedNamespaces?: string[];
  excludedNamespaces?: string[];
  includedResources?: string[];
  excludedResources?: string[];
  labelSelector?: LabelSelector;
  pre?: BackupResourceHook[];
  post?: BackupResourceHook[];
}

/**
 * Hooks of a Backup.
 *
 * @public
 */
export interface BackupHooks {
  resources?: BackupResourceHookSpec[];
}

/**
 * Settings of the program that uploads volume data.
 *
 * @public
 */
export interface UploaderConfigForBackup {
  /** 0 means one per CPU. */
  parallelFilesUpload?: number;
}

/**
 * What a Backup takes, and how. Velero: `velero.io/v1` Backup.
 *
 * Resource filters come in two kinds that exclude each other: old ones (`includedResources`, `excludedResources`,
 * `includeClusterResources`) and scoped ones (the four lists with `Scoped` in their name).
 * Durations are Go durations such as `720h0m0s`.
 *
 * @public
 */
export interface BackupSpec {
  /** Labels for the backups that a Schedule makes from this template. */
  metadata?: { labels?: Record<string, string> };
  /** Names or globs (`*`, `?`, `[abc]`). Absent or `['*']`: all. `['']`: cluster-scoped objects only. */
  includedNamespaces?: string[];
  excludedNamespaces?: string[];
  includedResources?: string[];
  excludedResources?: string[];
  /** Absent: cluster-scoped objects only if all namespaces are taken. */
  includeClusterResources?: boolean;
  includedClusterScopedResources?: string[];
  excludedClusterScopedResources?: string[];
  includedNamespaceScopedResources?: string[];
  excludedNamespaceScopedResources?: string[];
  labelSelector?: LabelSelector;
  /** Objects that match any of these. Not together with `labelSelector`. */
  orLabelSelectors?: LabelSelector[];
  /** Absent means true. */
  snapshotVolumes?: boolean;
  snapshotMoveData?: boolean;
  /** Absent, empty and `velero` mean the built-in data mover. */
  datamover?: string;
  ttl?: string;
  volumeGroupSnapshotLabelKey?: string;
  hooks?: BackupHooks;
  storageLocation?: string;
  volumeSnapshotLocations?: string[];
  /** Old name of `defaultVolumesToFsBackup`. */
  defaultVolumesToRestic?: boolean;
  defaultVolumesToFsBackup?: boolean;
  /** Resource to a comma-separated list of `namespace/name` (cluster-scoped: `name`). */
  orderedResources?: Record<string, string>;
  csiSnapshotTimeout?: string;
  itemOperationTimeout?: string;
  /** Kind `configmap`, in the control namespace. */
  resourcePolicy?: TypedLocalObjectReference;
  uploaderConfig?: UploaderConfigForBackup;
}

/**
 * How many hooks were tried and how many failed.
 *
 * @public
 */
export interface HookStatus {
  hooksAttempted?: number;
  hooksFailed?: number;
}

/**
 * How many items a Backup has written.
 *
 * @public
 */
export interface BackupProgress {
  totalItems?: number;
  itemsBackedUp?: number;
}

/**
 * What has become of a Backup. Times are RFC 3339 in seconds.
 *
 * @public
 */
export interface BackupStatus {
  /** Major version of the format, 1. */
  version?: number;
  /** Version of the tarball, `1.1.0`. */
  formatVersion?: string;
  expiration?: string;
  phase?: BackupPhase;
  queuePosition?: number;
  validationErrors?: string[];
  startTimestamp?: string;
  completionTimestamp?: string;
  volumeSnapshotsAttempted?: number;
  volumeSnapshotsCompleted?: number;
  csiVolumeSnapshotsAttempted?: number;
  csiVolumeSnapshotsCompleted?: number;
  backupItemOperationsAttempted?: number;
  backupItemOperationsCompleted?: number;
  backupItemOperationsFailed?: number;
  failureReason?: string;
  /** Number of warnings in the log. */
  warnings?: number;
  /** Number of errors in the log. */
  errors?: number;
  progress?: BackupProgress;
  hookStatus?: HookStatus;
}

/**
 * A backup of Kubernetes objects and volumes.
 *
 * @public
 */
export type Backup = VeleroResource<
  VeleroV1,
  'Backup',
  BackupSpec,
  BackupStatus
>;
