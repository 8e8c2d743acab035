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

/** @public */
export interface ConfigConsent {
  /** All clusters when absent. */
  cluster?: string;
  namespace: string;
  entities: (string | { entity: string; selector?: string })[];
}
