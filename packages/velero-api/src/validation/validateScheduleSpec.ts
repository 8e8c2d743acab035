import { parseCron } from '../cron';
import type { ScheduleSpec } from '../resources/Schedule';

/**
 * What is wrong with a ScheduleSpec. As in Velero this is the cron expression alone: the template is checked when a Backup
 * is made from it (with `validateBackupSpec`, which a form may call at once).
 *
 * @public
 */
export function validateScheduleSpec(
  spec: Pick<ScheduleSpec, 'schedule'>,
): string[] {
  if (!spec.schedule) {
    return ['Schedule must be a non-empty valid Cron expression'];
  }
  try {
    parseCron(spec.schedule);
    return [];
  } catch (error) {
    return [`invalid schedule: ${(error as Error).message}`];
  }
}
