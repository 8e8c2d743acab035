import type {
  BackstageCredentials,
  BackstageUserPrincipal,
  UserInfoService,
} from '@backstage/backend-plugin-api';
import { type Entity, stringifyEntityRef } from '@backstage/catalog-model';
import { NotFoundError } from '@backstage/errors';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import type { EntityPermissions } from '../permissions/EntityPermissions';
import type { EntityPermission } from '../permissions/EntityPermission';
import { problemError } from '../problems/problemError';
import { notOwner } from '../problems/problems';
import { claimedSystems, consentRefsOf } from './consentRefs';
import { isOwner, ownersOf } from './owners';

/** A user's request about an entity, after ownership and permission were checked. */
export interface EntityGrant {
  entity: Entity;
  /** In lower case, such as `component:default/orders`. */
  entityRef: string;
  /** The refs whose consent counts for the entity, in lower case. */
  consentRefs: string[];
  /** Entity ref of the user. */
  user: string;
  credentials: BackstageCredentials<BackstageUserPrincipal>;
}

/** Path parameters that name an entity. */
export interface EntityPath {
  kind: string;
  namespace: string;
  name: string;
}

/**
 * Decides who may act on an entity: the user must see it in the catalog, own it
 * (unless ownership is not required) and have the permission. The entity is
 * read with the user's credentials.
 */
export class EntityAccess {
  constructor(
    private readonly options: {
      catalog: CatalogService;
      userInfo: UserInfoService;
      permissions: EntityPermissions;
      requireOwnership: boolean;
    },
  ) {}

  /**
   * @throws NotFoundError when the user does not see the entity, NotAllowedError
   * (problem `not-owner`) when somebody else owns it, NotAllowedError without
   * the permission.
   */
  async grant(
    path: EntityPath,
    permission: EntityPermission,
    credentials: BackstageCredentials<BackstageUserPrincipal>,
  ): Promise<EntityGrant> {
    const { catalog, userInfo, permissions, requireOwnership } = this.options;
    const wanted = stringifyEntityRef(path);
    const entity = await catalog.getEntityByRef(wanted, { credentials });
    if (!entity) {
      throw new NotFoundError(`There is no entity ${wanted}`);
    }
    const entityRef = stringifyEntityRef(entity);
    const { ownershipEntityRefs } = await userInfo.getUserInfo(credentials);
    if (requireOwnership && !isOwner(entity, ownershipEntityRefs)) {
      throw problemError(notOwner(entityRef, ownersOf(entity)));
    }
    await permissions.require(permission, entityRef, credentials);
    return {
      entity,
      entityRef,
      consentRefs: consentRefsOf(
        entityRef,
        entity,
        await this.#systemsOf(entity, credentials),
        ownershipEntityRefs,
      ),
      user: credentials.principal.userEntityRef,
      credentials,
    };
  }

  async #systemsOf(
    entity: Entity,
    credentials: BackstageCredentials,
  ): Promise<{ ref: string; entity: Entity }[]> {
    const refs = claimedSystems(entity);
    if (refs.length === 0) {
      return [];
    }
    const { items } = await this.options.catalog.getEntitiesByRefs(
      { entityRefs: refs },
      { credentials },
    );
    return refs.flatMap((ref, index) => {
      const system = items[index];
      return system ? [{ ref, entity: system }] : [];
    });
  }
}
