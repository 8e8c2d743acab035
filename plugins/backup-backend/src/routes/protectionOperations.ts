import { backupPointReadPermission } from '@lifeboat/backstage-plugin-backup-common';
import type { Protections } from '../service/Protections';
import type { EntityOperations } from './Operation';

/** The state of an entity. */
export function protectionOperations(
  protections: Protections,
): Pick<EntityOperations, 'getProtection'> {
  return {
    getProtection: {
      permission: backupPointReadPermission,
      handleGrant: (grant, { query }, signal) =>
        protections.get(grant, query.cluster, signal),
    },
  };
}
