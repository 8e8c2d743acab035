import {
  lifeboatAnnotations,
  readScope,
  reconcileSchedule,
  validLabelValue,
  veleroLabels,
  type Backup,
  type Schedule,
} from '@lifeboat/velero-api';
import { isAlreadyExists, isInvalid } from '../cluster/ApiError';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import { decideRecordedConsent } from '../consent/decideConsent';
import type { Controller, ControllerContext, Requeue } from './Controller';
import { rfc3339 } from './rfc3339';

// Clocks are set, and time zones change their rules: no wait is longer.
const lookAgainMs = 60_000;

/**
 * Makes Backups by the clock (Velero: Schedule controller). A Schedule with a
 * recorded scope asks for consent again each time it fires; lost consent pauses
 * it and says why.
 */
export function createScheduleController(): Controller {
  return {
    name: 'schedule',
    type: veleroTypes.schedules,
    concurrency: () => 4,

    async reconcile(key, context): Promise<void | Requeue> {
      const { client, clock, signal } = context;
      const schedule = await client.get<Schedule>(veleroTypes.schedules, key, {
        signal,
      });
      if (!schedule || schedule.metadata.deletionTimestamp) return undefined;
      if (schedule.spec.paused) return undefined;

      const now = new Date(clock.now());
      const backups = await backupsOf(schedule, context);
      const decision = reconcileSchedule(withLastMade(schedule, backups), {
        now,
        backups,
        skipImmediately: context.config.scheduleSkipImmediately,
      });
      if (decision.backup) {
        const lost = await lostConsent(schedule, context);
        if (lost) {
          await pause(schedule, lost, context);
          return undefined;
        }
        const problem = await make(decision.backup, context);
        if (problem) {
          await fail(decision.schedule, problem, context);
          return undefined;
        }
      }
      if (decision.schedule !== schedule) {
        await client.replace(veleroTypes.schedules, decision.schedule, {
          signal,
        });
      }
      if (decision.schedule.status?.phase !== 'Enabled') return undefined;
      const waitMs = decision.nextLook
        ? decision.nextLook.getTime() - clock.now() + 1
        : lookAgainMs;
      return {
        requeueAfterMs: Math.min(Math.max(waitMs, 100), lookAgainMs),
      };
    },
  };
}

/**
 * The Schedule with the Backup that it made last. It is written down only after
 * that Backup was made, so an engine that died or lost an answer in between
 * would make it twice.
 */
export function withLastMade(schedule: Schedule, backups: Backup[]): Schedule {
  const prefix = `${schedule.metadata.name}-`;
  const { lastBackup } = schedule.status ?? {};
  let last = Date.parse(lastBackup ?? '') || 0;
  for (const { metadata, status } of backups) {
    const [, date, time] =
      /^(\d{8})(\d{6})$/.exec((metadata.name ?? '').slice(prefix.length)) ?? [];
    // One that was brought in from storage was made in another cluster, or before.
    const isOwn =
      (metadata.name ?? '').startsWith(prefix) &&
      (metadata.creationTimestamp ?? '') <= (status?.startTimestamp ?? '9');
    if (date && isOwn) {
      last = Math.max(last, utc(date, time));
    }
  }
  return last > (Date.parse(lastBackup ?? '') || 0)
    ? { ...schedule, status: { ...schedule.status, lastBackup: rfc3339(last) } }
    : schedule;
}

/** The moment in a Backup's name, `YYYYMMDD` and `HHMMSS`; 0 for what is none. */
function utc(date: string, time: string): number {
  const text = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(
    6,
  )}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  return Date.parse(text) || 0;
}

/** Read from the API server: a Backup made a moment ago must count. */
async function backupsOf(
  schedule: Schedule,
  context: ControllerContext,
): Promise<Backup[]> {
  const label = validLabelValue(schedule.metadata.name ?? '');
  const backups: Backup[] = [];
  for await (const backup of context.client.list<Backup>(veleroTypes.backups, {
    namespace: context.namespace,
    labelSelector: `${veleroLabels.scheduleName}=${label}`,
    signal: context.signal,
  })) {
    backups.push(backup);
  }
  return backups;
}

async function lostConsent(
  schedule: Schedule,
  context: ControllerContext,
): Promise<string | undefined> {
  const scope = readScope(schedule);
  if (!scope) {
    return schedule.metadata.annotations?.[lifeboatAnnotations.scope]
      ? `metadata.annotations["${lifeboatAnnotations.scope}"] cannot be understood; a backup with an unreadable scope would be nobody's. Correct it and un-pause the schedule`
      : undefined;
  }
  const namespace = await context.client.get(
    coreTypes.namespaces,
    { name: scope.namespace },
    { signal: context.signal },
  );
  const decision = decideRecordedConsent({
    cluster: context.clusterName,
    scope,
    namespace,
    configConsent: context.config.consent,
  });
  return decision.allowed
    ? undefined
    : `${decision.reason}. Once it agrees again, un-pause the schedule: ${decision.command}`;
}

/** The same second cannot give two Backups: their names would be equal. */
async function make(
  backup: Backup,
  context: ControllerContext,
): Promise<string | undefined> {
  try {
    await context.client.create(veleroTypes.backups, backup, {
      signal: context.signal,
    });
    context.logger.info(
      { backup: backup.metadata.name },
      'A schedule made a backup',
    );
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    if (!isInvalid(error)) throw error;
    return `The backup of this schedule was refused: ${
      (error as Error).message
    }`;
  }
}

async function pause(
  schedule: Schedule,
  reason: string,
  context: ControllerContext,
): Promise<void> {
  context.logger.warn(
    { schedule: schedule.metadata.name, reason },
    'A schedule lost its consent and was paused',
  );
  await context.client.replace(
    veleroTypes.schedules,
    {
      ...schedule,
      spec: { ...schedule.spec, paused: true },
      status: {
        ...schedule.status,
        phase: 'FailedValidation',
        validationErrors: [reason],
      },
    },
    { signal: context.signal },
  );
}

async function fail(
  schedule: Schedule,
  reason: string,
  context: ControllerContext,
): Promise<void> {
  await context.client.replace(
    veleroTypes.schedules,
    {
      ...schedule,
      status: {
        ...schedule.status,
        phase: 'FailedValidation',
        validationErrors: [reason],
      },
    },
    { signal: context.signal },
  );
}
