import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import type { JsonObject } from '@backstage/types';
import request from 'supertest';
import backupPlugin from '../index';
import type { KubernetesStandIn } from './KubernetesStandIn';

/** The user of the tests: a member of team-orders. */
export const developer = 'user:default/guest-developer';

/** What differs between the portals of the tests. */
export interface PortalOptions {
  entities: Entity[];
  cluster: KubernetesStandIn;
  /** Merged over the configuration of section `backup`. */
  backup?: JsonObject;
  /** Names of permissions that are denied; undefined: permissions are not enabled. */
  denied?: string[];
  identities?: string[];
}

/** The plugin in a real backend with its real router, against a stand-in for the cluster. */
export async function startPortal(options: PortalOptions) {
  const { cluster, denied } = options;
  const permissions = mockServices.permissions.mock({
    authorize: async requests =>
      requests.map(({ permission }) => ({
        result: denied?.includes(permission.name)
          ? AuthorizeResult.DENY
          : AuthorizeResult.ALLOW,
      })),
  });
  const auditor = mockServices.auditor.mock();
  const event = { success: jest.fn(), fail: jest.fn() };
  auditor.createEvent.mockResolvedValue(event);
  const { server } = await startTestBackend({
    features: [
      backupPlugin,
      catalogServiceMock.factory({ entities: options.entities }),
      permissions.factory,
      auditor.factory,
      mockServices.userInfo.mock({
        getUserInfo: async () => ({
          userEntityRef: developer,
          ownershipEntityRefs: options.identities ?? [
            developer,
            'group:default/team-orders',
          ],
        }),
      }).factory,
      mockServices.rootConfig.factory({
        data: {
          backup: {
            engine: 'external',
            clusters: [
              {
                name: 'demo',
                url: cluster.url,
                serviceAccountToken: cluster.token,
              },
            ],
            ...options.backup,
          },
        },
      }),
    ],
  });
  const header = mockCredentials.user.header(developer);
  const send = (
    method: 'get' | 'post' | 'patch' | 'delete',
    path: string,
    body?: object,
  ) => {
    const call = request(server)
      [method](`/api/backup${path}`)
      .set('Authorization', header);
    return body === undefined ? call : call.send(body);
  };
  return { server, send, auditor, event, permissions };
}
