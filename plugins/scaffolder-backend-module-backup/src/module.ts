import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { scaffolderActionsExtensionPoint } from '@backstage/plugin-scaffolder-node';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { createBackupAction } from './actions/createBackupAction';
import { createRestoreAction } from './actions/createRestoreAction';

/**
 * Adds the actions `backup:create` and `backup:restore` to the scaffolder.
 *
 * @public
 */
export const scaffolderModuleBackup = createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'backup',
  register(reg) {
    reg.registerInit({
      deps: {
        actions: scaffolderActionsExtensionPoint,
        auth: coreServices.auth,
        discovery: coreServices.discovery,
      },
      async init({ actions, auth, discovery }) {
        const api = new BackupClient({
          fetchApi: { fetch },
          discoveryApi: discovery,
        });
        actions.addActions(
          createBackupAction({ api, auth }),
          createRestoreAction({ api, auth }),
        );
      },
    });
  },
});
