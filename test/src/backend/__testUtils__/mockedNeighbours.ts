import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import type { JsonObject } from '@backstage/types';
// eslint-disable-next-line @backstage/no-mixed-plugin-imports -- a story runs the plugin itself
import backupPlugin from '@lifeboat/backstage-plugin-backup-backend';
import { developer, type PortalBackend } from './PortalStage';

/** The plugin in a test backend: catalog and users are mocked, permissions allow everything. */
export function mockedNeighbours(entities: Entity[]) {
  return async (backup: JsonObject): Promise<PortalBackend> => {
    const { server } = await startTestBackend({
      features: [
        backupPlugin,
        catalogServiceMock.factory({ entities }),
        mockServices.userInfo.mock({
          getUserInfo: async () => ({
            userEntityRef: developer,
            ownershipEntityRefs: [developer, 'group:default/team-orders'],
          }),
        }).factory,
        mockServices.rootConfig.factory({ data: { backup } }),
      ],
    });
    return {
      url: `http://localhost:${server.port()}`,
      token: mockCredentials.user.token(developer),
      // The test utilities have stopped it before.
      stop: async () => {},
    };
  };
}
