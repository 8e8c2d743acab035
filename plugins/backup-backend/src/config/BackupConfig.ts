import type { ConfigConsent, DataPathConfig } from '@lifeboat/engine';
import type { ClusterSetting } from './ClusterSetting';

/** Who carries out backups and restores. */
export type EngineMode = 'builtin' | 'external' | 'velero';

/** The section `backup` of the app's configuration, checked and with its defaults. */
export interface BackupConfig {
  engine: EngineMode;
  /** Namespace of the control resources. */
  namespace: string;
  clusters: ClusterSetting[];
  requireOwnership: boolean;
  consent: ConfigConsent[];
  restore: {
    /** Patterns of namespaces that a restore may create. */
    targets: string[];
    createNamespaces: boolean;
    /** ClusterRoles that restored RoleBindings may refer to. */
    allowedClusterRoles: string[];
    order: 'oadp' | 'velero';
    targetUrl?: string;
  };
  /** Phases of backups that are brought in from storage. */
  syncPhases: string[];
  /** How the data of volumes is moved. */
  dataPath: DataPathConfig;
  /** Go duration. */
  defaultTtl: string;
}
