import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type { SchedulePhase } from '../phases';
import type { BackupSpec } from './Backup';

/**
 * When to make which backups. Velero: `velero.io/v1` Schedule.
 *
 * @public
 */
export interface ScheduleSpec {
  template: BackupSpec;
  /** Cron expression with five fields, or `@daily`, `@every 1h`; `CRON_TZ=Europe/Berlin ` may come before it. */
  schedule: string;
  /** Backups belong to the Schedule and go with it (their data stays). */
  useOwnerReferencesInBackup?: boolean;
  paused?: boolean;
  /** Do not make up for a run that was missed before this change; the controller sets it back to false. */
  skipImmediately?: boolean;
}

/**
 * What has become of a Schedule.
 *
 * @public
 */
export interface ScheduleStatus {
  phase?: SchedulePhase;
  lastBackup?: string;
  lastSkipped?: string;
  validationErrors?: string[];
}

/**
 * Makes backups by the clock.
 *
 * @public
 */
export type Schedule = VeleroResource<
  VeleroV1,
  'Schedule',
  ScheduleSpec,
  ScheduleStatus
>;
