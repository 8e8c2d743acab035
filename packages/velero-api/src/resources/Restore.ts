import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type {
  LabelSelector,
  TypedLocalObjectReference,
} from '../meta/references';
import type { RestorePhase } from '../phases';
import type { HookErrorMode, HookStatus } from './Backup';

/**
 * A command to run in a container of a restored pod.
 *
 * @public
 */
export interface ExecRestoreHook {
  container?: string;
  command: string[];
  onError?: HookErrorMode;
  /** Go duration, `30s` if absent. */
  execTimeout?: string;
  /** Go duration; absent or 0 waits for ever. */
  waitTimeout?: string;
  /** Wait for the container to be ready rather than only running. */
  waitForReady?: boolean;
}

/**
 * Init containers to add to restored pods, each as plain JSON of a Kubernetes Container.
 *
 * @public
 */
export interface InitRestoreHook {
  initContainers?: Record<string, unknown>[];
  timeout?: string;
}

/**
 * One hook of a Restore: exactly one of its members.
 *
 * @public
 */
export interface RestoreResourceHook {
  exec?: ExecRestoreHook;
  init?: InitRestoreHook;
}

/**
 * Hooks for the restored pods that match. Namespaces are those restored into.
 *
 * @public
 */
export interface RestoreResourceHookSpec {
  name: string;
  includedNamespaces?: string[];
  excludedNamespaces?: string[];
  includedResources?: string[];
  excludedResources?: string[];
  labelSelector?: LabelSelector;
  postHooks?: RestoreResourceHook[];
}

/**
 * Hooks of a Restore.
 *
 * @public
 */
export interface RestoreHooks {
  resources?: RestoreResourceHookSpec[];
}

/**
 * Which types get their `status` back. Absent: none.
 *
 * @public
 */
export interface RestoreStatusSpec {
  includedResources?: string[];
  excludedResources?: string[];
}

/**
 * Settings of the program that writes volume data back.
 *
 * @public
 */
export interface UploaderConfigForRestore {
  writeSparseFiles?: boolean;
  /** 0 means one per CPU. */
  parallelFilesDownload?: number;
}

/**
 * What to do with an object that exists already: leave it, or patch it.
 *
 * @public
 */
export type ExistingResourcePolicy = 'none' | 'update';

/**
 * What a Restore brings back, and how. Velero: `velero.io/v1` Restore.
 *
 * @public
 */
export interface RestoreSpec {
  /** Exactly one of `backupName` and `scheduleName`. */
  backupName?: string;
  /** The newest Completed backup of this Schedule. */
  scheduleName?: string;
  /** Names at the time of the backup, or globs. */
  includedNamespaces?: string[];
  excludedNamespaces?: string[];
  includedResources?: string[];
  excludedResources?: string[];
  /** Namespace in the backup to namespace in the cluster. */
  namespaceMapping?: Record<string, string>;
  labelSelector?: LabelSelector;
  orLabelSelectors?: LabelSelector[];
  /** Absent means true. */
  restorePVs?: boolean;
  restoreStatus?: RestoreStatusSpec;
  /** Absent means false. */
  preserveNodePorts?: boolean;
  /** Absent: cluster-scoped objects only if all namespaces are restored. */
  includeClusterResources?: boolean;
  hooks?: RestoreHooks;
  /** Absent or empty means `none`. */
  existingResourcePolicy?: ExistingResourcePolicy | '';
  itemOperationTimeout?: string;
  /** Kind `configmap`, in the control namespace. */
  resourceModifier?: TypedLocalObjectReference;
  uploaderConfig?: UploaderConfigForRestore;
}

/**
 * How many items a Restore has handled.
 *
 * @public
 */
export interface RestoreProgress {
  totalItems?: number;
  itemsRestored?: number;
}

/**
 * What has become of a Restore.
 *
 * @public
 */
export interface RestoreStatus {
  phase?: RestorePhase;
  validationErrors?: string[];
  warnings?: number;
  errors?: number;
  failureReason?: string;
  startTimestamp?: string;
  completionTimestamp?: string;
  progress?: RestoreProgress;
  restoreItemOperationsAttempted?: number;
  restoreItemOperationsCompleted?: number;
  restoreItemOperationsFailed?: number;
  hookStatus?: HookStatus;
}

/**
 * A restore of a Backup.
 *
 * @public
 */
export type Restore = VeleroResource<
  VeleroV1,
  'Restore',
  RestoreSpec,
  RestoreStatus
>;
