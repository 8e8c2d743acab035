import { KopiaError, messageOf } from '../errors';
import { isRetained } from '../format/blobConfig';
import { checkUpgradeLock } from '../format/upgradeLock';
import { collectGarbage } from '../garbage';
import type { Repository } from '../Repository';
import { formatMilliseconds, toMilliseconds } from '../time/timestamps';
import {
  advanceEpoch,
  cleanUpMarkers,
  compactRange,
  compactSingleEpoch,
  deleteSupersededIndexes,
  moveWatermark,
} from './epochMaintenance';
import {
  finishedRun,
  maintenanceBlobId,
  MaintenanceSchedule,
  readSchedule,
  successfulRuns,
  withRun,
  writeSchedule,
} from './MaintenanceSchedule';
import { deleteUnreferencedPacks, rewriteShortPacks } from './packs';
import {
  MaintenanceParameters,
  maintenanceParameters,
  ownerName,
} from './parameters';
import { safetyParameters } from './safety';
import { snapshotGc } from './snapshotGc';

/** @public */
export interface MaintenanceOptions {
  /** `auto` runs what is due: full, else quick, else nothing. Default `auto`. */
  readonly mode?: 'auto' | 'quick' | 'full';
  /** `none` deletes at once and is only safe when no other client uses the repository at all. Default `full`. */
  readonly safety?: 'full' | 'none';
  /** Run although another client is the owner. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly onTask?: (task: string) => void;
}

/** What was done; tasks that had nothing to do are listed with 0. @public */
export interface MaintenanceReport {
  readonly mode: 'quick' | 'full' | 'none';
  readonly tasks: readonly {
    readonly task: string;
    readonly result: unknown;
  }[];
}

const manyContents = 1_000_000;
const largestClockDifference = 5 * 60 * 1000;

/** Mode that is due. */
function dueMode(
  schedule: MaintenanceSchedule,
  parameters: MaintenanceParameters,
  now: number,
): 'quick' | 'full' | 'none' {
  if (
    parameters.full.enabled &&
    toMilliseconds(schedule.nextFullMaintenance) <= now
  )
    return 'full';
  if (
    parameters.quick.enabled &&
    toMilliseconds(schedule.nextQuickMaintenance) <= now
  )
    return 'quick';
  return 'none';
}

/** When deleted entries may vanish: before the earlier of two finished collections that are far enough apart. */
function dropTime(
  schedule: MaintenanceSchedule,
  safety: (typeof safetyParameters)['full'],
): number | undefined {
  const runs = successfulRuns(schedule, 'snapshot-gc');
  if (runs.length === 0) return undefined;
  if (!safety.requireTwoGcCycles)
    return runs[0].start - safety.dropContentExtraMargin;
  const earlier = runs.find(
    (run, i) =>
      i > 0 && runs[0].start - run.end > safety.marginBetweenSnapshotGc,
  );
  return earlier && earlier.start - safety.dropContentExtraMargin;
}

class MaintenanceRun {
  readonly tasks: { task: string; result: unknown }[] = [];

  constructor(
    private readonly repository: Repository,
    private readonly options: MaintenanceOptions,
    private schedule: MaintenanceSchedule,
    /** Milliseconds since 1970 by the storage's clock. */
    private readonly start: number,
  ) {}

  private async task(task: string, work: () => Promise<unknown>) {
    const { repository, options } = this;
    options.signal?.throwIfAborted();
    options.onTask?.(task);
    const began = repository.clock();
    try {
      const result = await work();
      // Tables of so many names are garbage now.
      if (repository.contents.indexes.entryCount > manyContents)
        collectGarbage('major');
      this.tasks.push({ task, result: result ?? 0 });
      await this.record(task, finishedRun(began, repository.clock()));
    } catch (error) {
      await this.record(
        task,
        finishedRun(began, repository.clock(), messageOf(error)),
      ).catch(() => undefined);
      throw error;
    }
  }

  /** Other clients decide by this history: it must be true, and be there before the next step. */
  private async record(task: string, run: ReturnType<typeof finishedRun>) {
    this.schedule = withRun(await readSchedule(this.repository), task, run);
    await writeSchedule(this.repository, this.schedule, this.repository.random);
  }

  async quick() {
    const { repository, options } = this;
    await this.task('compact-single-epoch', () =>
      compactSingleEpoch(repository, options.signal),
    );
    await this.task('advance-epoch', () =>
      advanceEpoch(repository, options.signal),
    );
  }

  async full(parameters: MaintenanceParameters) {
    const { repository, options, start } = this;
    const { signal } = options;
    const safety = safetyParameters[options.safety ?? 'full'];
    await this.task('snapshot-gc', () =>
      snapshotGc(repository, safety, start, signal),
    );
    if (this.mayRewrite(safety))
      await this.task('full-rewrite-contents', () =>
        rewriteShortPacks(repository, safety, start, signal),
      );
    const drop = dropTime(this.schedule, safety);
    if (drop !== undefined) {
      await this.task('full-drop-deleted-content', () =>
        moveWatermark(repository, Math.floor(drop / 1000), signal),
      );
      await repository.refresh(signal);
    }
    if (this.mayDeletePacks(safety))
      await this.task('full-delete-blobs', () =>
        deleteUnreferencedPacks(repository, safety, start, signal),
      );
    if (parameters.extendObjectLocks)
      await this.task('extend-blob-retention-time', () => this.extendLocks());
    await this.quick();
    await this.task('generate-epoch-range-index', () =>
      compactRange(repository, signal),
    );
    await this.task('cleanup-epoch-markers', () =>
      cleanUpMarkers(repository, signal),
    );
    await this.task('delete-superseded-epoch-indexes', () =>
      deleteSupersededIndexes(repository, signal),
    );
    await this.task('cleanup-logs', () => this.cleanUpLogs(parameters));
  }

  /** Rewriting again before packs were deleted would only make more of them. */
  private mayRewrite({
    minRewriteToPackDeletionDelay,
  }: (typeof safetyParameters)['full']): boolean {
    if (minRewriteToPackDeletionDelay === 0) return true;
    const [rewrite] = successfulRuns(this.schedule, 'full-rewrite-contents');
    const [deletion] = successfulRuns(this.schedule, 'full-delete-blobs');
    return !rewrite || (deletion !== undefined && deletion.start > rewrite.end);
  }

  /** Readers with older indexes must have time to learn where contents moved. */
  private mayDeletePacks({
    minRewriteToPackDeletionDelay,
  }: (typeof safetyParameters)['full']): boolean {
    const [rewrite] = successfulRuns(
      this.schedule,
      'full-rewrite-contents',
      'quick-rewrite-contents',
    );
    return (
      !rewrite ||
      this.repository.clock() - rewrite.end >= minRewriteToPackDeletionDelay
    );
  }

  private async extendLocks(): Promise<number> {
    const { storage, blobConfig } = this.repository;
    const { retentionMode, retentionPeriodMs } = blobConfig;
    if (!retentionMode || !retentionPeriodMs || !storage.extendRetention)
      return 0;
    let extended = 0;
    for (const { id } of await this.repository.listBlobs(
      '',
      this.options.signal,
    )) {
      if (!isRetained(id)) continue;
      await storage.extendRetention(
        id,
        { mode: retentionMode, periodMs: retentionPeriodMs },
        { signal: this.options.signal },
      );
      extended += 1;
    }
    return extended;
  }

  private async cleanUpLogs({
    logRetention,
  }: MaintenanceParameters): Promise<number> {
    const logs = (
      await this.repository.listBlobs('_log_', this.options.signal)
    ).sort((a, b) => b.timestamp - a.timestamp);
    let size = 0;
    let deleted = 0;
    for (const [i, { id, length, timestamp }] of logs.entries()) {
      size += length;
      const tooOld = this.start - timestamp > logRetention.maxAge / 1e6;
      if (
        i < logRetention.maxCount &&
        size <= logRetention.maxTotalSize &&
        !tooOld
      )
        continue;
      await this.repository.storage.delete(id, { signal: this.options.signal });
      deleted += 1;
    }
    return deleted;
  }
}

/**
 * Maintains a repository by Kopia's rules: marks what no snapshot needs, deletes it after safe delays, and keeps the
 * indexes small. Only the owner may run it. Any error in reading ends the run before anything else is deleted.
 *
 * Deleting takes several full runs by design: mark, wait for a second run, forget, wait, delete.
 *
 * @example
 * ```ts
 * const { mode, tasks } = await runMaintenance(repository, { mode: 'full' });
 * ```
 *
 * @public
 */
export async function runMaintenance(
  repository: Repository,
  options: MaintenanceOptions = {},
): Promise<MaintenanceReport> {
  const { signal } = options;
  if (!repository.writable)
    throw new KopiaError('read-only', 'The repository was opened read-only');
  if (!repository.format.epochs.Enabled) {
    throw new KopiaError(
      'unsupported',
      'Repositories without epoch manager can only be read',
    );
  }
  checkUpgradeLock(repository.format.upgradeLock, repository.clock());
  if (repository.format.upgradeLock)
    throw new KopiaError(
      'upgrade-in-progress',
      'An upgrade of the repository is announced',
    );
  await repository.refresh(signal);
  const parameters = maintenanceParameters(repository);
  if (!parameters)
    throw new KopiaError(
      'not-owner',
      'The repository has no maintenance owner yet; set one first',
    );
  if (parameters.owner !== ownerName(repository) && !options.force) {
    throw new KopiaError(
      'not-owner',
      `Maintenance belongs to ${parameters.owner}, this client is ${ownerName(
        repository,
      )}`,
    );
  }
  const now = repository.clock();
  let schedule = await readSchedule(repository, signal);
  const mode =
    options.mode === undefined || options.mode === 'auto'
      ? dueMode(schedule, parameters, now)
      : options.mode;
  if (mode === 'none') return { mode, tasks: [] };
  schedule = {
    ...schedule,
    nextQuickMaintenance: formatMilliseconds(
      now + parameters.quick.interval / 1e6,
    ),
    ...(mode === 'full' && {
      nextFullMaintenance: formatMilliseconds(
        now + parameters.full.interval / 1e6,
      ),
    }),
  };
  await writeSchedule(repository, schedule, repository.random, signal);
  const written = await repository.storage.stat(maintenanceBlobId, { signal });
  if (
    !written ||
    Math.abs(written.timestamp - repository.clock()) > largestClockDifference
  ) {
    throw new KopiaError(
      'unsafe',
      'The clocks of this machine and of the storage differ by more than 5 minutes: nothing was done',
    );
  }
  await repository.refresh(signal);
  const run = new MaintenanceRun(
    repository,
    options,
    schedule,
    written.timestamp,
  );
  if (mode === 'full') await run.full(parameters);
  else await run.quick();
  await repository.refresh(signal);
  return { mode, tasks: run.tasks };
}
