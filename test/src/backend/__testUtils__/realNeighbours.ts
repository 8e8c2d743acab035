import { createBackend } from '@backstage/backend-defaults';
import { mockServices } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
// The portal's own parts, as packages/backend puts them together.
/* eslint-disable @backstage/no-mixed-plugin-imports */
import authPlugin from '@backstage/plugin-auth-backend';
import guestModule from '@backstage/plugin-auth-backend-module-guest-provider';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import templateModule from '@backstage/plugin-catalog-backend-module-scaffolder-entity-model';
import permissionPlugin from '@backstage/plugin-permission-backend';
import scaffolderPlugin from '@backstage/plugin-scaffolder-backend';
import backupPlugin from '@lifeboat/backstage-plugin-backup-backend';
import actionsModule from '@lifeboat/backstage-plugin-scaffolder-backend-module-backup';
/* eslint-enable @backstage/no-mixed-plugin-imports */
// eslint-disable-next-line @backstage/no-forbidden-package-imports -- the portal is an application, which exports nothing
import demoPolicy from 'backend/src/permissions';
import { eventually } from '../../cluster/eventually';
import { freePorts } from '../../cluster/freePorts';
import { developer, type PortalBackend } from './PortalStage';

/**
 * The plugin beside the real catalog, sign-in, permission backend (with the demo's policy) and scaffolder.
 *
 * @param catalog - files with entities; the story waits for `components`
 */
export function realNeighbours(catalog: string[], components: string[]) {
  return async (backup: JsonObject): Promise<PortalBackend> => {
    const [port] = await freePorts(1);
    const url = `http://localhost:${port}`;
    const backend = createBackend();
    backend.add(
      mockServices.rootConfig.factory({
        data: {
          app: { baseUrl: url },
          backend: {
            baseUrl: url,
            listen: { host: '127.0.0.1', port },
            database: { client: 'better-sqlite3', connection: ':memory:' },
          },
          auth: {
            providers: {
              guest: {
                userEntityRef: developer,
                dangerouslyAllowOutsideDevelopment: true,
              },
            },
          },
          permission: { enabled: true },
          catalog: {
            processingInterval: { seconds: 1 },
            rules: [
              { allow: ['Component', 'System', 'Group', 'User', 'Template'] },
            ],
            locations: catalog.map(target => ({ type: 'file', target })),
          },
          backup,
        },
      }),
    );
    backend.add(mockServices.rootLogger.factory({ level: 'none' }));
    for (const feature of [
      authPlugin,
      guestModule,
      catalogPlugin,
      templateModule,
      permissionPlugin,
      demoPolicy,
      scaffolderPlugin,
      backupPlugin,
      actionsModule,
    ]) {
      backend.add(feature);
    }
    await backend.start();
    try {
      const first = await guestToken(url);
      await eventually(
        'the catalog knows the components and their owners',
        async () => {
          const known = await Promise.all(
            components.map(name => hasOwner(url, name, first)),
          );
          return known.every(Boolean);
        },
        60_000,
      );
      // Only now does the token carry the user's groups.
      return {
        url,
        token: await guestToken(url),
        stop: () => backend.stop(),
      };
    } catch (error) {
      await backend.stop();
      throw error;
    }
  };
}

async function guestToken(url: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/guest/refresh`, {
    method: 'POST',
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  });
  const { backstageIdentity } = (await response.json()) as {
    backstageIdentity: { token: string };
  };
  return backstageIdentity.token;
}

async function hasOwner(
  url: string,
  component: string,
  token: string,
): Promise<boolean> {
  const response = await fetch(
    `${url}/api/catalog/entities/by-name/component/default/${component}`,
    { headers: { Authorization: `Bearer ${token}` } },
  );
  if (!response.ok) {
    return false;
  }
  const { relations = [] } = (await response.json()) as {
    relations?: { type: string }[];
  };
  return relations.some(({ type }) => type === 'ownedBy');
}
