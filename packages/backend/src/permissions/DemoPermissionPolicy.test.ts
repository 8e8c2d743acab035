import {
  AuthorizeResult,
  Permission,
  createPermission,
} from '@backstage/plugin-permission-common';
import { PolicyQueryUser } from '@backstage/plugin-permission-node';
import { catalogEntityReadPermission } from '@backstage/plugin-catalog-common/alpha';
import { catalogEntityDeletePermission } from '@backstage/plugin-catalog-common/alpha';
import { DemoPermissionPolicy } from './DemoPermissionPolicy';

const createPoint = createPermission({
  name: 'backup.point.create',
  attributes: { action: 'create' },
  resourceType: 'catalog-entity',
});
const readStatus = createPermission({
  name: 'backup.admin.read',
  attributes: { action: 'read' },
});

function userOf(...ownershipEntityRefs: string[]) {
  return {
    info: { userEntityRef: 'user:default/someone', ownershipEntityRefs },
  } as PolicyQueryUser;
}

const decide = (permission: Permission, user?: PolicyQueryUser) =>
  new DemoPermissionPolicy().handle({ permission }, user);

describe('DemoPermissionPolicy', () => {
  it('leaves backups to the owners of the component', async () => {
    expect(
      await decide(createPoint, userOf('group:default/team-orders')),
    ).toMatchObject({
      result: AuthorizeResult.CONDITIONAL,
      pluginId: 'catalog',
      conditions: {
        rule: 'IS_ENTITY_OWNER',
        params: { claims: ['group:default/team-orders'] },
      },
    });
  });

  it('shows the engine-wide status to the platform team only', async () => {
    expect(
      await decide(readStatus, userOf('group:default/team-orders')),
    ).toEqual({ result: AuthorizeResult.DENY });
    expect(await decide(readStatus, userOf('group:default/platform'))).toEqual({
      result: AuthorizeResult.ALLOW,
    });
  });

  it('lets everybody signed in read the catalog, and nobody change it', async () => {
    const user = userOf('group:default/team-orders');
    expect(await decide(catalogEntityReadPermission, user)).toEqual({
      result: AuthorizeResult.ALLOW,
    });
    expect(await decide(catalogEntityDeletePermission, user)).toEqual({
      result: AuthorizeResult.DENY,
    });
  });

  it('refuses who is not signed in', async () => {
    expect(await decide(catalogEntityReadPermission)).toEqual({
      result: AuthorizeResult.DENY,
    });
  });
});
