import type { ClusterConnection } from '../cluster/ClusterConnection';

/**
 * Everything the engine process is told; the same for all its clusters.
 * @public
 */
export interface EngineConfig {
  /** The control namespace, `openshift-adp` by default. */
  namespace: string;
  clusters: ClusterConnection[];
  sync: {
    /** Phases of backups found in storage that are brought into the cluster. Default `[Completed]`. */
    phases: string[];
    /** Default for locations without `backupSyncPeriod`; 60. */
    periodSeconds: number;
  };
  /** Default for locations without `validationFrequency`; 60. */
  validationSeconds: number;
  lease: { durationSeconds: number; renewSeconds: number };
  concurrency: {
    /** Backups that run at the same time (Velero: `--concurrent-backups`). Default 1. */
    backups: number;
    /** Restores that run at the same time. Default 1. */
    restores: number;
    /** Requests in flight to one API server. Default 30. */
    requests: number;
  };
  /** Namespaces for which the platform team consents instead of the namespace's annotation. */
  consent: ConfigConsent[];
  /** Patterns of namespaces that a restore may create; `{{namespace}}` is the source. */
  restoreTargets: string[];
  /** Whether a restore may create its target namespace. */
  createNamespaces: boolean;
  restore: {
    /** ClusterRoles that RoleBindings in tenants' restores may give to accounts of the target namespace. Default `[view, edit]`. */
    allowedClusterRoles: string[];
    /** The order of types: OADP's (default) or Velero's. */
    order: 'oadp' | 'velero';
  };
  dataMover: DataMoverConfig;
  fileSystemBackup: FileSystemBackupConfig;
  repositories: RepositoriesConfig;
  hooks: HooksConfig;
  volumes: VolumesConfig;
  /** Go duration, `720h0m0s` by default. */
  defaultTtl: string;
  /** How often expired backups are looked for; 3600. */
  garbageCollectionSeconds: number;
  /** Name of the location used when a Backup names none and none is marked default. */
  defaultLocation: string;
  /** What a Schedule with `skipImmediately` unset does. */
  scheduleSkipImmediately: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/**
 * The settings about volume data.
 * @public
 */
export type DataPathConfig = Pick<
  EngineConfig,
  'dataMover' | 'fileSystemBackup' | 'repositories' | 'hooks' | 'volumes'
>;

/**
 * Requests and limits as Kubernetes quantities. An empty text or `0` means none (Velero: `podResources`).
 * @public
 */
export interface PodResourcesConfig {
  cpuRequest?: string;
  memoryRequest?: string;
  cpuLimit?: string;
  memoryLimit?: string;
}

/** A Kubernetes label selector over nodes. @public */
export interface NodeSelectorConfig {
  matchLabels?: { [key: string]: string };
  matchExpressions?: {
    key: string;
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
    values?: string[];
  }[];
}

/** @public */
export interface TolerationConfig {
  key?: string;
  operator?: 'Exists' | 'Equal';
  value?: string;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  tolerationSeconds?: number;
}

/**
 * How mover pods look and how many run. Names are those of Velero's node-agent configuration.
 * @public
 */
export interface DataMoverConfig {
  image: string;
  imagePullPolicy?: 'IfNotPresent' | 'Always' | 'Never';
  imagePullSecrets?: string[];
  /** In the control namespace; `lifeboat-mover` by default. */
  serviceAccount: string;
  /** Movers run as this user instead of root, and fail before anything is uploaded if a file cannot be read. */
  runAsNonRoot?: { user: number; group?: number };
  /** How long a mover pod may take until it runs; 1800. */
  prepareTimeoutSeconds: number;
  podResources?: PodResourcesConfig;
  priorityClassName?: string;
  podLabels?: { [key: string]: string };
  podAnnotations?: { [key: string]: string };
  tolerations?: TolerationConfig[];
  /** Nodes on which movers run; an entry for the volume's storage class goes before those for all. */
  loadAffinity?: { nodeSelector: NodeSelectorConfig; storageClass?: string }[];
  loadConcurrency: {
    /** Volumes in transfer at the same time on one node; 2. */
    globalConfig: number;
    /** Volumes in transfer at the same time in the cluster; 8. */
    overall: number;
    /** Nodes with another number. A node that several match gets the smallest. */
    perNodeConfig?: { nodeSelector: NodeSelectorConfig; number: number }[];
  };
  /** By storage class of the source: how the temporary claim of a backup is made. */
  backupPVC?: {
    [storageClass: string]: {
      storageClass?: string;
      readOnly?: boolean;
      annotations?: { [key: string]: string };
    };
  };
  restorePVC?: {
    /** Provision at once, without waiting for the node of a consumer (WaitForFirstConsumer). */
    ignoreDelayBinding?: boolean;
  };
  /** Files read or written at the same time by one mover. */
  parallelFiles?: number;
  /** What one mover may use of its memory for data. */
  memoryLimitMiB?: number;
}

/**
 * Backup of mounted volumes through the kubelet's host path; needs the platform team's consent.
 * @public
 */
export interface FileSystemBackupConfig {
  /** False by default. */
  enabled: boolean;
  /** The kubelet's folder of pods; `/var/lib/kubelet/pods` by default. */
  hostPodsPath: string;
  /** Movers of this kind are privileged: some platforms demand it for host paths. */
  privileged?: boolean;
}

/** @public */
export interface RepositoriesConfig {
  /** One password for all repositories, or one for each. Default `installation`. */
  password: 'installation' | 'repository';
  maintenance: {
    /** Default of BackupRepositories; 3600. */
    frequencySeconds: number;
    /** How often data that nothing refers to is removed; 24. */
    fullIntervalHours: number;
    /** Finished maintenance Jobs that are kept; 3. */
    keepJobs: number;
    podResources?: PodResourcesConfig;
  };
}

/** @public */
export interface HooksConfig {
  /** False: hooks never run, and a Backup that has some says so. Default true. */
  enabled: boolean;
  /** Namespaces whose annotation hooks run without their label `lifeboat.dev/hooks`. */
  namespaces?: string[];
  /** What is kept of a hook's output; 65536. */
  maxOutputBytes: number;
}

/** @public */
export interface VolumesConfig {
  /** How long the previous volume is kept after an in-place restore; 259200 (72 hours). */
  undoSeconds: number;
  /** Default for Backups without `csiSnapshotTimeout`; 600. */
  csiSnapshotTimeoutSeconds: number;
}

/** @public */
export interface ConfigConsent {
  /** All clusters when absent. */
  cluster?: string;
  namespace: string;
  entities: (string | { entity: string; selector?: string })[];
}
