import {
  backupPointReadPermission,
  backupRestoreCreatePermission,
} from '@lifeboat/backstage-plugin-backup-common';
import type { Restores } from '../service/Restores';
import type { EntityOperations } from './Operation';

/** Operations on restores. */
export function restoreOperations(
  restores: Restores,
): Pick<
  EntityOperations,
  | 'previewRestore'
  | 'listRestores'
  | 'createRestore'
  | 'getRestore'
  | 'getRestoreLogs'
  | 'cancelRestore'
  | 'undoRestore'
> {
  return {
    previewRestore: {
      permission: backupRestoreCreatePermission,
      handle: (call, { path, body }) =>
        restores.preview(call, path.backup, body),
    },
    listRestores: {
      permission: backupPointReadPermission,
      handle: (call, { query }) => restores.list(call, query),
    },
    createRestore: {
      permission: backupRestoreCreatePermission,
      audit: { eventId: 'restore', actionType: 'create', severity: 'high' },
      handle: (call, { body }) => restores.create(call, body),
    },
    getRestore: {
      permission: backupPointReadPermission,
      audit: { eventId: 'restore', actionType: 'read', severity: 'low' },
      handle: (call, { path }) => restores.detail(call, path.restore),
    },
    cancelRestore: {
      permission: backupRestoreCreatePermission,
      audit: { eventId: 'restore', actionType: 'cancel', severity: 'medium' },
      handle: (call, { path }) => restores.cancel(call, path.restore),
    },
    undoRestore: {
      permission: backupRestoreCreatePermission,
      audit: { eventId: 'restore', actionType: 'undo', severity: 'high' },
      handle: (call, { path }) => restores.undo(call, path.restore),
    },
    getRestoreLogs: {
      permission: backupPointReadPermission,
      audit: { eventId: 'restore', actionType: 'read-logs', severity: 'low' },
      handle: (call, { path }) => restores.logs(call, path.restore),
    },
  };
}
