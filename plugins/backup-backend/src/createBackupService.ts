import type {
  LoggerService,
  PermissionsService,
  UserInfoService,
} from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import { createClusterClient, openBackupStore } from '@lifeboat/engine';
import { Clusters } from './clusters/Clusters';
import type { BackupConfig } from './config/BackupConfig';
import { EngineProcess } from './engine/EngineProcess';
import { engineConfigOf } from './engine/engineConfigOf';
import { engineProgram } from './engine/engineProgram';
import { EntityPermissions } from './permissions/EntityPermissions';
import type { RouterOptions } from './router';
import { protectionOperations } from './routes/protectionOperations';
import { recoveryPointOperations } from './routes/recoveryPointOperations';
import { restoreOperations } from './routes/restoreOperations';
import { scheduleOperations } from './routes/scheduleOperations';
import { EnginePlanner } from './service/EnginePlanner';
import { InstallationStatus } from './service/InstallationStatus';
import { Protections } from './service/Protections';
import { RecoveryPoints } from './service/RecoveryPoints';
import { Restores } from './service/Restores';
import { Schedules } from './service/Schedules';
import { StoredListPlanner } from './service/StoredListPlanner';
import { systemClock } from './service/systemClock';
import { RunFiles } from './storage/RunFiles';
import { EntityAccess } from './tenancy/EntityAccess';
import { TargetResolver } from './tenancy/TargetResolver';

/** What the parts of the plugin need of Backstage. */
export interface BackupServiceOptions {
  config: BackupConfig;
  catalog: CatalogService;
  logger: LoggerService;
  permissions: PermissionsService;
  userInfo: UserInfoService;
}

/** The parts of the plugin, put together. Nothing is connected or started here. */
export type BackupService = Omit<RouterOptions, 'auditor' | 'httpAuth'> & {
  /** Starts the engine where this backend runs it. */
  start(): void;
  /** Stops the engine and ends all connections. */
  stop(): Promise<void>;
};

/** Puts the parts of the plugin together. */
export function createBackupService(
  options: BackupServiceOptions,
): BackupService {
  const { config, catalog, logger, userInfo } = options;
  const clock = systemClock;
  const clusters = new Clusters(config.clusters, {
    connect: createClusterClient,
    controlNamespace: config.namespace,
  });
  const permissions = new EntityPermissions(options.permissions);
  const access = new EntityAccess({
    catalog,
    userInfo,
    permissions,
    requireOwnership: config.requireOwnership,
  });
  const targets = new TargetResolver({ clusters, consent: config.consent });
  const files = new RunFiles((location, { client }) =>
    openBackupStore(location, { client, namespace: config.namespace }),
  );
  const points = new RecoveryPoints({ files, clock, mode: config.engine });
  const schedules = new Schedules({ points, clock });
  const restores = new Restores({
    points,
    files,
    planner:
      config.engine === 'velero'
        ? new StoredListPlanner(files)
        : new EnginePlanner({
            fileSystemRestore: config.dataPath.fileSystemBackup.enabled,
            files,
            restore: config.restore,
            consent: config.consent,
          }),
    clock,
    consent: config.consent,
    restore: config.restore,
  });
  const engine =
    config.engine === 'builtin' && config.clusters.length > 0
      ? new EngineProcess({
          program: engineProgram(),
          config: engineConfigOf(config),
          logger: logger.child({ component: 'engine' }),
        })
      : undefined;
  const protections = new Protections({
    clusters,
    targets,
    permissions,
    points,
    schedules,
    mode: config.engine,
    clock,
  });
  return {
    access,
    targets,
    permissions,
    start: () => engine?.start(),
    stop: async () => {
      await engine?.stop();
      clusters.close();
    },
    operations: {
      ...protectionOperations(protections),
      ...recoveryPointOperations(points),
      ...restoreOperations(restores),
      ...scheduleOperations(schedules),
    },
    status: new InstallationStatus({
      clusters,
      mode: config.engine,
      engineProcess: () => engine?.state(),
      clock,
    }),
  };
}
