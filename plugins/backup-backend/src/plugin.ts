import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import { backupPermissions } from '@lifeboat/backstage-plugin-backup-common';
import { readBackupConfig } from './config/readBackupConfig';
import { createBackupService } from './createBackupService';
import { createRouter } from './router';

/**
 * Backend plugin `backup`: the REST API for backups and restores of catalog
 * entities, and the engine that carries them out.
 *
 * @public
 */
export const backupPlugin = createBackendPlugin({
  pluginId: 'backup',
  register(env) {
    env.registerInit({
      deps: {
        auditor: coreServices.auditor,
        catalog: catalogServiceRef,
        config: coreServices.rootConfig,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        permissions: coreServices.permissions,
        permissionsRegistry: coreServices.permissionsRegistry,
        userInfo: coreServices.userInfo,
      },
      async init(deps) {
        const service = createBackupService({
          config: readBackupConfig(deps.config),
          catalog: deps.catalog,
          logger: deps.logger,
          permissions: deps.permissions,
          userInfo: deps.userInfo,
        });
        deps.permissionsRegistry.addPermissions(backupPermissions);
        deps.httpRouter.use(
          await createRouter({
            ...service,
            auditor: deps.auditor,
            httpAuth: deps.httpAuth,
          }),
        );
        deps.lifecycle.addStartupHook(() => service.start());
        deps.lifecycle.addShutdownHook(() => service.stop());
      },
    });
  },
});
