import {
  AuthorizeResult,
  PolicyDecision,
  isResourcePermission,
} from '@backstage/plugin-permission-common';
import {
  PermissionPolicy,
  PolicyQuery,
  PolicyQueryUser,
} from '@backstage/plugin-permission-node';
import {
  catalogConditions,
  createCatalogConditionalDecision,
} from '@backstage/plugin-catalog-backend/alpha';
import { RESOURCE_TYPE_CATALOG_ENTITY } from '@backstage/plugin-catalog-common/alpha';

const platformTeam = 'group:default/platform';

/**
 * Who may do what in the demo: everybody signed in reads the catalog and runs templates, backups are for the owners of
 * a component, and what concerns all of them is for the platform team.
 */
export class DemoPermissionPolicy implements PermissionPolicy {
  async handle(
    request: PolicyQuery,
    user?: PolicyQueryUser,
  ): Promise<PolicyDecision> {
    const { permission } = request;
    const owners = user?.info.ownershipEntityRefs ?? [];
    if (!user) return { result: AuthorizeResult.DENY };
    if (owners.includes(platformTeam)) return { result: AuthorizeResult.ALLOW };

    if (permission.name.startsWith('backup.')) {
      if (isResourcePermission(permission, RESOURCE_TYPE_CATALOG_ENTITY)) {
        return createCatalogConditionalDecision(
          permission,
          catalogConditions.isEntityOwner({ claims: owners }),
        );
      }
      return { result: AuthorizeResult.DENY };
    }
    const changesCatalog =
      permission.name.startsWith('catalog.') &&
      permission.attributes.action !== 'read';
    return {
      result: changesCatalog ? AuthorizeResult.DENY : AuthorizeResult.ALLOW,
    };
  }
}
