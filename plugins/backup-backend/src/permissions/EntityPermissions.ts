import type {
  BackstageCredentials,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { NotAllowedError } from '@backstage/errors';
import {
  AuthorizeResult,
  type BasicPermission,
} from '@backstage/plugin-permission-common';
import type { EntityPermission } from './EntityPermission';

/** Asks Backstage's permission framework; without it everything is allowed here. */
export class EntityPermissions {
  constructor(private readonly permissions: PermissionsService) {}

  /** Which of the permissions a user has on an entity, in the same order. */
  async check(
    permissions: EntityPermission[],
    entityRef: string,
    credentials: BackstageCredentials,
  ): Promise<boolean[]> {
    const decisions = await this.permissions.authorize(
      permissions.map(permission => ({ permission, resourceRef: entityRef })),
      { credentials },
    );
    return decisions.map(({ result }) => result === AuthorizeResult.ALLOW);
  }

  /** @throws NotAllowedError without the permission */
  async require(
    permission: EntityPermission,
    entityRef: string,
    credentials: BackstageCredentials,
  ): Promise<void> {
    const [allowed] = await this.check([permission], entityRef, credentials);
    if (!allowed) {
      throw new NotAllowedError(
        `You do not have the permission ${permission.name} on ${entityRef}`,
      );
    }
  }

  /** @throws NotAllowedError without the permission */
  async requireBasic(
    permission: BasicPermission,
    credentials: BackstageCredentials,
  ): Promise<void> {
    const [decision] = await this.permissions.authorize([{ permission }], {
      credentials,
    });
    if (decision.result !== AuthorizeResult.ALLOW) {
      throw new NotAllowedError(
        `You do not have the permission ${permission.name}`,
      );
    }
  }
}
