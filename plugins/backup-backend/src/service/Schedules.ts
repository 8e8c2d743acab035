import { InputError, NotFoundError } from '@backstage/errors';
import type {
  BackupSchedule,
  BackupScheduleList,
  CreateScheduleRequest,
  RecoveryPoint,
  UpdateScheduleRequest,
} from '@lifeboat/backstage-plugin-backup-common';
import { type Schedule, nextRuns, parseCron } from '@lifeboat/velero-api';
import { backupSchedule } from '../runs/backupSchedule';
import { joinCron, splitCron } from '../runs/cronText';
import { visibleScope } from '../tenancy/visibleScope';
import { backupSpecOf, withRelatedItems } from './backupResource';
import type { Clock } from './Clock';
import { creationError } from './creationError';
import type { EntityCall } from './EntityCall';
import { type RecoveryPoints, checkTtl } from './RecoveryPoints';
import { runMetadata, scopeOf } from './runMetadata';
import { runName } from './runName';
import { usableLocation } from './storageLocation';

/** A schedule that runs more often would keep the engine busy for one component. */
const shortestGapMs = 5 * 60_000;
/** Enough to see the shortest gap of an hour's pattern. */
const comparedRuns = 20;

/** Schedules of an entity: Schedule resources of its scope. */
export class Schedules {
  constructor(
    private readonly options: { points: RecoveryPoints; clock: Clock },
  ) {}

  async visible({ grant, target }: EntityCall): Promise<Schedule[]> {
    const schedules = await target.cluster.control.schedules.list();
    return schedules.filter(
      schedule => visibleScope(schedule, grant, target) !== undefined,
    );
  }

  async list(call: EntityCall): Promise<BackupScheduleList> {
    const schedules = await this.visible(call);
    return {
      items: schedules
        .sort((a, b) =>
          (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '', 'en'),
        )
        .map(schedule => this.#view(call, schedule)),
    };
  }

  /** @throws InputError for a cron expression, time zone or ttl that cannot be */
  async create(
    call: EntityCall,
    request: CreateScheduleRequest,
  ): Promise<BackupSchedule> {
    const { clock } = this.options;
    const cron = checkedCron(request.cron, request.timeZone, clock.now());
    checkTtl(request.ttl);
    const scope = scopeOf(call);
    const location = await usableLocation(call.target.cluster);
    const name = runName(
      call.grant.entity.metadata.name,
      clock.now(),
      clock.random,
    );
    try {
      const schedule = await call.target.cluster.control.schedules.create({
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        // Backups of a Schedule inherit its labels and annotations, the scope among them.
        metadata: runMetadata(call, name, scope, {
          annotations: withRelatedItems,
        }),
        spec: {
          schedule: cron,
          template: backupSpecOf(scope, { location, ttl: request.ttl }),
          ...(request.paused !== undefined && { paused: request.paused }),
        },
      });
      return this.#view(call, schedule);
    } catch (error) {
      throw creationError(error, name);
    }
  }

  async update(
    call: EntityCall,
    name: string,
    request: UpdateScheduleRequest,
  ): Promise<BackupSchedule> {
    const schedule = await this.#require(call, name);
    const present = splitCron(schedule.spec.schedule);
    const timed =
      request.cron !== undefined || request.timeZone !== undefined
        ? checkedCron(
            request.cron ?? present.cron,
            request.timeZone ?? present.timeZone,
            this.options.clock.now(),
          )
        : undefined;
    checkTtl(request.ttl);
    const changed = await call.target.cluster.control.schedules.merge(name, {
      metadata: { resourceVersion: schedule.metadata.resourceVersion },
      spec: {
        ...(timed !== undefined && { schedule: timed }),
        ...(request.paused !== undefined && { paused: request.paused }),
        ...(request.ttl !== undefined && { template: { ttl: request.ttl } }),
      },
    });
    return this.#view(call, changed);
  }

  async delete(call: EntityCall, name: string): Promise<void> {
    const schedule = await this.#require(call, name);
    await call.target.cluster.control.schedules.delete(
      name,
      schedule.metadata.uid ?? '',
    );
  }

  /** Makes a backup now that counts for the schedule; its scope is today's, not the recorded one. */
  async run(call: EntityCall, name: string): Promise<RecoveryPoint> {
    const schedule = await this.#require(call, name);
    return this.options.points.create(call, {
      schedule: name,
      ttl: schedule.spec.template.ttl,
    });
  }

  async #require(call: EntityCall, name: string): Promise<Schedule> {
    const schedule = await call.target.cluster.control.schedules.get(name);
    if (!schedule || !visibleScope(schedule, call.grant, call.target)) {
      throw new NotFoundError(`There is no schedule "${name}"`);
    }
    return schedule;
  }

  #view(call: EntityCall, schedule: Schedule): BackupSchedule {
    return backupSchedule(schedule, {
      cluster: call.target.cluster.name,
      now: this.options.clock.now(),
    });
  }
}

/** @throws InputError with what is wrong and what is allowed */
function checkedCron(
  cron: string,
  timeZone: string | undefined,
  now: Date,
): string {
  if (/^\s*(CRON_TZ|TZ)=/.test(cron)) {
    throw new InputError(
      'cron: give the time zone in timeZone, not in the expression',
    );
  }
  if (timeZone !== undefined) {
    try {
      Intl.DateTimeFormat('en', { timeZone });
    } catch {
      throw new InputError(
        `timeZone: "${timeZone}" is not a time zone; write a name such as Europe/Berlin or UTC`,
      );
    }
  }
  const text = joinCron(cron.trim(), timeZone);
  let runs: Date[];
  try {
    parseCron(text);
    runs = nextRuns(text, now, comparedRuns);
  } catch (error) {
    throw new InputError(`cron: ${(error as Error).message}`);
  }
  const tooClose = runs.some(
    (run, index) =>
      index > 0 && run.getTime() - runs[index - 1].getTime() < shortestGapMs,
  );
  if (tooClose) {
    throw new InputError(
      `cron: two runs must be at least ${shortestGapMs / 60_000} minutes apart`,
    );
  }
  return text;
}
