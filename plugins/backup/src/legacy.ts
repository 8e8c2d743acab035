/**
 * The backup plugin for apps on Backstage's legacy frontend system.
 *
 * @packageDocumentation
 */
import {
  createApiFactory,
  createPlugin,
  createRoutableExtension,
  createRouteRef,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/core-plugin-api';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { backupApiRef } from './backupApiRef';

const rootRouteRef = createRouteRef({ id: 'backup' });

/**
 * Backups of catalog components, for Backstage's legacy frontend system.
 *
 * @public
 */
export const backupPlugin = createPlugin({
  id: 'backup',
  apis: [
    createApiFactory({
      api: backupApiRef,
      deps: { fetchApi: fetchApiRef, discoveryApi: discoveryApiRef },
      factory: deps => new BackupClient(deps),
    }),
  ],
  routes: { backups: rootRouteRef },
});

/**
 * The content of the tab "Backups".
 *
 * @example
 * ```tsx
 * <EntityLayout.Route path="/backups" title="Backups" if={isBackupAvailable}>
 *   <EntityBackupContent />
 * </EntityLayout.Route>
 * ```
 *
 * @public
 */
export const EntityBackupContent = backupPlugin.provide(
  createRoutableExtension({
    name: 'EntityBackupContent',
    component: () =>
      import('./components/BackupsTab').then(module => module.BackupsTab),
    mountPoint: rootRouteRef,
  }),
);

export { isBackupAvailable } from '@lifeboat/backstage-plugin-backup-common';
export { backupApiRef } from './backupApiRef';
export { backupTranslationRef } from './translations/ref';
