import type {
  Protection,
  StorageState,
} from '@lifeboat/backstage-plugin-backup-common';
import {
  backupPointCreatePermission,
  backupPointDeletePermission,
  backupRestoreCreatePermission,
  backupScheduleManagePermission,
} from '@lifeboat/backstage-plugin-backup-common';
import { type Schedule, parseCron } from '@lifeboat/velero-api';
import type { Clusters } from '../clusters/Clusters';
import type { EngineMode } from '../config/BackupConfig';
import type { EntityPermissions } from '../permissions/EntityPermissions';
import { carriedProblem } from '../problems/problemError';
import {
  engineStopped,
  namespaceMissing,
  noStorageLocation,
  storageUnavailable,
} from '../problems/problems';
import { recoveryPoint } from '../runs/recoveryPoint';
import type { EntityGrant } from '../tenancy/EntityAccess';
import { type Target, targetView } from '../tenancy/Target';
import type { TargetResolver } from '../tenancy/TargetResolver';
import type { Clock } from './Clock';
import { type ComponentCounts, componentCounts } from './componentCounts';
import type { EntityCall } from './EntityCall';
import { engineHealth } from './engineHealth';
import { protectionState } from './protectionState';
import type { RecoveryPoints } from './RecoveryPoints';
import type { Schedules } from './Schedules';
import { storageStates } from './storageStates';

const countsLifetimeMs = 60_000;
const countsKept = 500;
const countsTimeoutMs = 10_000;
/** A scheduled run may be this late before it counts as missed. */
const missedAfterMs = 60 * 60_000;

/** Answers how an entity is protected, and what stands in the way. */
export class Protections {
  readonly #counts = new Map<
    string,
    { at: number; counts: ComponentCounts | undefined }
  >();

  constructor(
    private readonly options: {
      clusters: Clusters;
      targets: TargetResolver;
      permissions: EntityPermissions;
      points: RecoveryPoints;
      schedules: Schedules;
      mode: EngineMode;
      clock: Clock;
    },
  ) {}

  /** What a person can put right is part of the answer, not an error. */
  async get(
    grant: EntityGrant,
    cluster: string | undefined,
    signal: AbortSignal,
  ): Promise<Protection> {
    const permissions = await this.#permissions(grant);
    try {
      const target = await this.options.targets.resolve(
        grant.entity,
        grant,
        cluster,
      );
      return await this.#known({ grant, target, signal }, permissions);
    } catch (error) {
      const problem = carriedProblem(error);
      if (!problem) {
        throw error;
      }
      const unprotected =
        problem.code === 'annotation-missing' ||
        problem.code === 'consent-missing';
      return {
        state: unprotected ? 'unprotected' : 'unknown',
        reason: problem.title.endsWith('.')
          ? problem.title
          : `${problem.title}.`,
        clusters: this.options.clusters.choices(),
        problem,
        engine: { state: 'unknown' },
        storage: [],
        permissions,
      };
    }
  }

  async #known(
    call: EntityCall,
    permissions: Protection['permissions'],
  ): Promise<Protection> {
    const { target } = call;
    const { control } = target.cluster;
    const { clock, mode } = this.options;
    const [backups, schedules, locations, lease, counts] = await Promise.all([
      this.options.points.visible(call),
      this.options.schedules.visible(call),
      control.locations.list(),
      mode === 'velero' ? undefined : control.engineLease(),
      this.#countsOf(target, call.signal),
    ]);
    const now = clock.now();
    // Warnings are for administrators, who have another page.
    const { warnings: _, ...engine } = engineHealth(lease, { mode, now });
    const storage = storageStates(locations);
    const points = backups
      .map(({ backup }) =>
        recoveryPoint(backup, {
          cluster: target.cluster.name,
          deletionRequested: false,
        }),
      )
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    const judged = protectionState({
      points,
      engine,
      storage,
      volumeCount: counts?.volumes,
      absentNamespace:
        target.namespaceUid === undefined ? target.namespace : undefined,
      missedRun: missedRun(
        schedules,
        points.find(({ state }) => state === 'done')?.createdAt,
        now,
      ),
    });
    const nextRun = earliestRun(schedules, now);
    const problem =
      target.namespaceUid === undefined
        ? namespaceMissing(target.cluster.name, target.namespace)
        : this.#hindrance(control.namespace, engine, storage);
    return {
      ...judged,
      target: targetView(target),
      clusters: this.options.clusters.choices(),
      ...(problem && { problem }),
      engine,
      storage,
      ...(nextRun && { nextRun }),
      ...(counts && {
        objectCount: counts.objects,
        volumeCount: counts.volumes,
      }),
      permissions,
    };
  }

  #hindrance(
    controlNamespace: string,
    engine: Protection['engine'],
    storage: StorageState[],
  ): Protection['problem'] {
    if (storage.length === 0) {
      return noStorageLocation(controlNamespace);
    }
    const unavailable = storage.find(({ state }) => state === 'unavailable');
    if (unavailable && storage.every(({ state }) => state !== 'available')) {
      return storageUnavailable(
        controlNamespace,
        unavailable.name,
        unavailable.message,
      );
    }
    return engine.state === 'stopped' || engine.state === 'paused'
      ? engineStopped(controlNamespace, engine.message ?? '')
      : undefined;
  }

  async #permissions(grant: EntityGrant): Promise<Protection['permissions']> {
    const [create, deletion, restore, schedule] =
      await this.options.permissions.check(
        [
          backupPointCreatePermission,
          backupPointDeletePermission,
          backupRestoreCreatePermission,
          backupScheduleManagePermission,
        ],
        grant.entityRef,
        grant.credentials,
      );
    return { create, delete: deletion, restore, schedule };
  }

  /** Counts are dear, so they are kept for a minute; what cannot be counted is left out. */
  async #countsOf(
    target: Target,
    signal: AbortSignal,
  ): Promise<ComponentCounts | undefined> {
    if (target.namespaceUid === undefined) {
      return undefined;
    }
    const key = `${target.cluster.name} ${target.namespaceUid} ${
      target.selector ?? ''
    }`;
    const at = this.options.clock.now().getTime();
    const kept = this.#counts.get(key);
    if (kept && at - kept.at < countsLifetimeMs) {
      return kept.counts;
    }
    const counts = await componentCounts(
      target.cluster.client,
      target.namespace,
      target.selector,
      AbortSignal.any([signal, AbortSignal.timeout(countsTimeoutMs)]),
    ).catch(() => undefined);
    if (this.#counts.size >= countsKept) {
      this.#counts.clear();
    }
    this.#counts.set(key, { at, counts });
    return counts;
  }
}

/**
 * The next run of all schedules that are not paused. One that was just made and
 * not looked at by the engine yet counts, too.
 */
function earliestRun(schedules: Schedule[], now: Date): string | undefined {
  return schedules
    .filter(
      ({ spec, status }) =>
        !spec.paused && status?.phase !== 'FailedValidation',
    )
    .map(schedule => runAfter(schedule, now))
    .filter(time => time !== undefined)
    .sort((a, b) => a.getTime() - b.getTime())[0]
    ?.toISOString();
}

/** A run that a schedule should have made after the newest complete point and that is overdue. */
function missedRun(
  schedules: Schedule[],
  newestPoint: string | undefined,
  now: Date,
): string | undefined {
  return schedules
    .filter(({ spec, status }) => !spec.paused && status?.phase === 'Enabled')
    .map(schedule => {
      const made = schedule.metadata.creationTimestamp ?? '';
      const since = newestPoint && newestPoint > made ? newestPoint : made;
      return since ? runAfter(schedule, new Date(since)) : undefined;
    })
    .find(
      time =>
        time !== undefined && now.getTime() - time.getTime() > missedAfterMs,
    )
    ?.toISOString();
}

function runAfter({ spec }: Schedule, after: Date): Date | undefined {
  try {
    return parseCron(spec.schedule).next(after);
  } catch {
    return undefined;
  }
}
