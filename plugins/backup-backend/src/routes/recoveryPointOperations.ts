import {
  backupPointCreatePermission,
  backupPointDeletePermission,
  backupPointReadPermission,
} from '@lifeboat/backstage-plugin-backup-common';
import type { RecoveryPoints } from '../service/RecoveryPoints';
import type { EntityOperations } from './Operation';

/** Operations on recovery points. */
export function recoveryPointOperations(
  points: RecoveryPoints,
): Pick<
  EntityOperations,
  | 'listRecoveryPoints'
  | 'createRecoveryPoint'
  | 'getRecoveryPoint'
  | 'deleteRecoveryPoint'
  | 'getRecoveryPointLogs'
  | 'cancelRecoveryPoint'
> {
  return {
    listRecoveryPoints: {
      permission: backupPointReadPermission,
      handle: (call, { query }) => points.list(call, query),
    },
    createRecoveryPoint: {
      permission: backupPointCreatePermission,
      audit: {
        eventId: 'recovery-point',
        actionType: 'create',
        severity: 'medium',
      },
      handle: (call, { body }) => points.create(call, body),
    },
    getRecoveryPoint: {
      permission: backupPointReadPermission,
      audit: {
        eventId: 'recovery-point',
        actionType: 'read',
        severity: 'low',
      },
      handle: (call, { path }) => points.detail(call, path.backup),
    },
    deleteRecoveryPoint: {
      permission: backupPointDeletePermission,
      audit: {
        eventId: 'recovery-point',
        actionType: 'delete',
        severity: 'high',
      },
      handle: (call, { path }) => points.delete(call, path.backup),
    },
    cancelRecoveryPoint: {
      permission: backupPointCreatePermission,
      audit: {
        eventId: 'recovery-point',
        actionType: 'cancel',
        severity: 'medium',
      },
      handle: (call, { path }) => points.cancel(call, path.backup),
    },
    getRecoveryPointLogs: {
      permission: backupPointReadPermission,
      audit: {
        eventId: 'recovery-point',
        actionType: 'read-logs',
        severity: 'low',
      },
      handle: (call, { path }) => points.logs(call, path.backup),
    },
  };
}
