import {
  ApiBlueprint,
  createFrontendPlugin,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/frontend-plugin-api';
import { EntityContentBlueprint } from '@backstage/plugin-catalog-react/alpha';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import { RiArchiveLine } from '@remixicon/react';
import { backupApiRef } from './backupApiRef';
import { backupsRouteRef } from './routes';

/** The REST API's client, as an extension that an app may replace. */
const backupApi = ApiBlueprint.make({
  params: defineParams =>
    defineParams({
      api: backupApiRef,
      deps: { fetchApi: fetchApiRef, discoveryApi: discoveryApiRef },
      factory: deps => new BackupClient(deps),
    }),
});

/** The tab "Backups" on a component's page. */
const backupsEntityContent = EntityContentBlueprint.make({
  params: {
    path: '/backups',
    title: 'Backups',
    icon: <RiArchiveLine />,
    routeRef: backupsRouteRef,
    filter: { kind: 'component' },
    loader: () =>
      import('./components/BackupsTab').then(({ BackupsTab }) => (
        <BackupsTab />
      )),
  },
});

/**
 * Backups of catalog components, for Backstage's new frontend system.
 *
 * @public
 */
export const backupPlugin = createFrontendPlugin({
  pluginId: 'backup',
  title: 'Backups',
  icon: <RiArchiveLine />,
  info: { packageJson: () => import('../package.json') },
  routes: { backups: backupsRouteRef },
  extensions: [backupApi, backupsEntityContent],
});
