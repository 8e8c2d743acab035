import { parseCron, type CronSchedule } from '../cron';
import { validLabelValue, veleroLabels } from '../labels';
import { blocksNextScheduledBackup } from '../phases';
import type { Backup } from '../resources/Backup';
import type { Schedule } from '../resources/Schedule';
import { validateScheduleSpec } from '../validation/validateScheduleSpec';

/**
 * When a Schedule makes its next Backup, and whether that time has come. It counts from the last backup or, if there was
 * none, from the Schedule's creation, or from the last skip if that is later. Runs that were missed are not made up for:
 * one Backup is made. Velero: `getNextRunTime`.
 *
 * @public
 */
export function nextRun(
  schedule: Schedule,
  cron: CronSchedule,
  now: Date,
): { due: boolean; next: Date } {
  const { lastBackup, lastSkipped } = schedule.status ?? {};
  const base = time(lastBackup ?? schedule.metadata.creationTimestamp);
  const next = cron.next(new Date(Math.max(base, time(lastSkipped))));
  return { due: now.getTime() > next.getTime(), next };
}

/**
 * The next times of a cron expression.
 *
 * @throws Error if the expression is invalid.
 *
 * @public
 */
export function nextRuns(
  expression: string,
  after: Date,
  count: number,
): Date[] {
  const cron = parseCron(expression);
  const times: Date[] = [];
  for (let from = after; times.length < count; ) {
    from = cron.next(from);
    times.push(from);
  }
  return times;
}

/**
 * Name of the Backup that a Schedule makes at a time: `<schedule>-YYYYMMDDHHMMSS` in UTC.
 *
 * @public
 */
export function scheduledBackupName(scheduleName: string, now: Date): string {
  return `${scheduleName}-${now
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')}`;
}

/**
 * The Backup that a Schedule makes. Labels come from the template if it has any, else from the Schedule; annotations
 * always come from the Schedule. Velero: `getBackup`.
 *
 * @public
 */
export function backupFromSchedule(schedule: Schedule, now: Date): Backup {
  const { metadata } = schedule;
  const name = metadata.name ?? '';
  const labels = schedule.spec.template.metadata?.labels ?? metadata.labels;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      namespace: metadata.namespace,
      name: scheduledBackupName(name, now),
      labels: {
        ...labels,
        [veleroLabels.scheduleName]: validLabelValue(name),
      },
      ...(metadata.annotations && { annotations: { ...metadata.annotations } }),
      ...(schedule.spec.useOwnerReferencesInBackup && {
        ownerReferences: [
          {
            apiVersion: 'velero.io/v1',
            kind: 'Schedule',
            name,
            uid: metadata.uid ?? '',
            controller: true,
          },
        ],
      }),
    },
    spec: structuredClone(schedule.spec.template),
  };
}

/**
 * What one look at a Schedule leads to.
 *
 * @public
 */
export interface ScheduleDecision {
  /** The Schedule as it must be; the same object if nothing changes. */
  schedule: Schedule;
  /** A Backup to make, before the Schedule is written. */
  backup?: Backup;
  /** When to look again. Absent: when the Schedule changes. */
  nextLook?: Date;
}

/**
 * Decides what becomes of a Schedule: validation, skipping, and whether a Backup is due. Velero: the Schedule controller.
 *
 * @param options - `backups`: at least those of this Schedule; `skipImmediately`: the server's default.
 *
 * @public
 */
export function reconcileSchedule(
  schedule: Schedule,
  options: { now: Date; backups: readonly Backup[]; skipImmediately?: boolean },
): ScheduleDecision {
  const { now, backups } = options;
  if (schedule.spec.paused) {
    return { schedule };
  }
  const changed = structuredClone(schedule);
  const status = (changed.status ??= {});
  const skip =
    schedule.spec.skipImmediately ?? options.skipImmediately ?? false;
  if (skip) {
    status.lastSkipped = seconds(now);
  }
  changed.spec.skipImmediately = false;
  const problems = validateScheduleSpec(schedule.spec);
  if (problems.length > 0) {
    status.phase = 'FailedValidation';
    status.validationErrors = problems;
    return { schedule: same(schedule, changed) };
  }
  status.phase = 'Enabled';
  delete status.validationErrors;
  const cron = parseCron(schedule.spec.schedule);
  const { due, next } = nextRun(changed, cron, now);
  if (!due) {
    return { schedule: same(schedule, changed), nextLook: next };
  }
  const name = validLabelValue(schedule.metadata.name ?? '');
  const blocked = backups.some(
    backup =>
      backup.metadata.namespace === schedule.metadata.namespace &&
      backup.metadata.labels?.[veleroLabels.scheduleName] === name &&
      blocksNextScheduledBackup(backup.status?.phase),
  );
  if (blocked) {
    return { schedule: same(schedule, changed) };
  }
  status.lastBackup = seconds(now);
  return {
    schedule: changed,
    backup: backupFromSchedule(schedule, now),
    nextLook: cron.next(now),
  };
}

/**
 * The newest Completed backup of a Schedule, by its start. PartiallyFailed ones do not count.
 * Velero: `mostRecentCompletedBackup`.
 *
 * @public
 */
export function mostRecentCompletedBackup(
  backups: readonly Backup[],
): Backup | undefined {
  return backups
    .filter(backup => backup.status?.phase === 'Completed')
    .reduce<Backup | undefined>(
      (newest, backup) =>
        !newest ||
        time(backup.status?.startTimestamp) >
          time(newest.status?.startTimestamp)
          ? backup
          : newest,
      undefined,
    );
}

/**
 * When each Schedule's newest Completed backup ended: name of the Schedule (empty for backups without one) to its
 * `completionTimestamp`. Velero: `getLastSuccessBySchedule`.
 *
 * @public
 */
export function lastSuccessBySchedule(
  backups: readonly Backup[],
): Map<string, string> {
  const last = new Map<string, string>();
  for (const { metadata, status } of backups) {
    const ended = status?.completionTimestamp;
    if (status?.phase === 'Completed' && ended) {
      const name = metadata.labels?.[veleroLabels.scheduleName] ?? '';
      if (time(ended) > time(last.get(name))) {
        last.set(name, ended);
      }
    }
  }
  return last;
}

function time(text: string | undefined): number {
  return text ? Date.parse(text) : 0;
}

function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Keeps the identity of an unchanged Schedule, so that callers need not write it. */
function same(before: Schedule, after: Schedule): Schedule {
  const text = (schedule: Schedule) =>
    JSON.stringify([
      schedule.spec.skipImmediately ?? false,
      schedule.status?.phase,
      schedule.status?.lastSkipped,
      schedule.status?.validationErrors ?? [],
    ]);
  return text(before) === text(after) ? before : after;
}
