import type { EngineConfig } from '@lifeboat/engine';
import { defaults } from '@lifeboat/velero-api';
import type { BackupConfig } from '../config/BackupConfig';

/** What the engine process is told, from the portal's configuration. */
export function engineConfigOf(config: BackupConfig): EngineConfig {
  return {
    namespace: config.namespace,
    clusters: config.clusters.map(({ connection }) => connection),
    sync: {
      phases: config.syncPhases,
      periodSeconds: defaults.backupSyncPeriod / 1000,
    },
    validationSeconds: defaults.storeValidationFrequency / 1000,
    lease: { durationSeconds: 15, renewSeconds: 5 },
    concurrency: {
      backups: defaults.concurrentBackups,
      restores: 1,
      requests: 30,
    },
    consent: config.consent,
    restoreTargets: config.restore.targets,
    createNamespaces: config.restore.createNamespaces,
    restore: {
      allowedClusterRoles: config.restore.allowedClusterRoles,
      order: config.restore.order,
    },
    ...config.dataPath,
    defaultTtl: config.defaultTtl,
    garbageCollectionSeconds: defaults.garbageCollectionFrequency / 1000,
    defaultLocation: defaults.storageLocation,
    scheduleSkipImmediately: false,
    logLevel: 'info',
  };
}
