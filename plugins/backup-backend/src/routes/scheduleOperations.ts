import {
  backupPointReadPermission,
  backupScheduleManagePermission,
} from '@lifeboat/backstage-plugin-backup-common';
import type { Schedules } from '../service/Schedules';
import type { EntityOperations } from './Operation';

/** Operations on schedules. */
export function scheduleOperations(
  schedules: Schedules,
): Pick<
  EntityOperations,
  | 'listSchedules'
  | 'createSchedule'
  | 'updateSchedule'
  | 'deleteSchedule'
  | 'runSchedule'
> {
  return {
    listSchedules: {
      permission: backupPointReadPermission,
      handle: call => schedules.list(call),
    },
    createSchedule: {
      permission: backupScheduleManagePermission,
      audit: { eventId: 'schedule', actionType: 'create', severity: 'medium' },
      handle: (call, { body }) => schedules.create(call, body),
    },
    updateSchedule: {
      permission: backupScheduleManagePermission,
      audit: { eventId: 'schedule', actionType: 'update', severity: 'medium' },
      handle: (call, { path, body }) =>
        schedules.update(call, path.schedule, body),
    },
    deleteSchedule: {
      permission: backupScheduleManagePermission,
      audit: { eventId: 'schedule', actionType: 'delete', severity: 'medium' },
      handle: async (call, { path }) => {
        await schedules.delete(call, path.schedule);
        return undefined;
      },
    },
    runSchedule: {
      permission: backupScheduleManagePermission,
      audit: { eventId: 'schedule', actionType: 'run', severity: 'medium' },
      handle: (call, { path }) => schedules.run(call, path.schedule),
    },
  };
}
