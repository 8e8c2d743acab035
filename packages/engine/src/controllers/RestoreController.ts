import {
  Backup,
  BackupStorageLocation,
  defaults,
  isTerminalRestorePhase,
  parseDurationOr,
  Restore,
  RestoreProgress,
  RestoreStatus,
  veleroFinalizers,
} from '@lifeboat/velero-api';
import { cancelRequest, RunEndedError } from '../backup/cancellation';
import { changeObject, ObjectGoneError } from '../backup/changeObject';
import { seconds } from '../backup/prepareBackup';
import { ProgressReporter } from '../backup/ProgressReporter';
import { RunLog } from '../backup/RunLog';
import { SpoolFolder } from '../backup/SpoolFolder';
import { isNotFound } from '../cluster/ApiError';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { veleroTypes } from '../cluster/knownTypes';
import { LeaseLostError } from '../cluster/LeaseLostError';
import type { EngineConfig } from '../config/EngineConfig';
import { hooksAnnotation } from '../restore/hooks/pendingHooks';
import { InPlaceRestore } from '../restore/inPlace/InPlaceRestore';
import { readInPlaceState } from '../restore/inPlace/InPlaceState';
import { wantsUndo } from '../restore/inPlace/undoRequest';
import { storeResults } from '../restore/results/storeResults';
import type { RestoreRunOutcome } from '../restore/RestoreRun';
import {
  cancelOperations,
  itemOperationsOf,
  listOperations,
  restoreVolumeInfoOf,
  unfinished,
} from '../restore/volumes/operations';
import { restoredVolumesAnnotation } from '../restore/volumes/restoredVolumes';
import type { BackupStore } from '../storage/BackupStore';
import { StorageError } from '../storage/ObjectStore';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
  Trigger,
} from './Controller';
import {
  executeRestore,
  inPlaceOptions,
  type PlacedOutcome,
} from './RestoreExecution';
import {
  deadlineOf,
  finalizeRestore,
  type RestoreEnd,
} from './RestoreFinalizer';
import {
  AdmittedRestore,
  admitRestore,
  RestoreAdmission,
} from './RestoreValidation';
import { persistently } from './persistently';
import { isUndoing, undoRestore } from './undoRestore';

/** On a Restore: since when its data movers are asked to end. */
const endAsked = 'lifeboat.dev/end-asked';

/** How long moving data may take to end after it was asked to. */
const endMs = 2 * 60_000;

/** How soon a restore that waits is looked at again when no event comes. */
const lookAgainMs = 2_000;

const interrupted =
  'the engine stopped while this restore was running; what it had restored stays, and restoring again adds what is missing';

/** How often a running restore looks whether it shall end. */
const lookEveryMs = 500;

/**
 * Carries out Restores: validation, the run, its results; removes a Restore's files with it; and brings what an earlier process
 * left half done to a truthful phase.
 *
 * Source: Velero `restore_controller.go`, `restore_finalizer_controller.go`.
 */
export class RestoreController implements Controller {
  readonly name = 'restore';
  readonly type = veleroTypes.restores;
  readonly triggers: Trigger[] = [
    { type: veleroTypes.dataDownloads, keys: restoreOf },
    { type: veleroTypes.podVolumeRestores, keys: restoreOf },
  ];

  concurrency(config: EngineConfig): number {
    return Math.max(config.concurrency.restores, 1);
  }

  async recover(context: ControllerContext): Promise<void> {
    const restores: Restore[] = [];
    for await (const restore of context.client.list<Restore>(this.type, {
      namespace: context.namespace,
      signal: context.signal,
    })) {
      restores.push(restore);
    }
    // Applications that an earlier engine has stopped come first of all.
    const urgent = restores.filter(hasStoppedSomething);
    for (const restore of [
      ...urgent,
      ...restores.filter(each => !urgent.includes(each)),
    ]) {
      if (
        (needsRecovery(restore) && !canBeTakenUp(restore)) ||
        isUndoing(restore)
      ) {
        const recovered = isUndoing(restore)
          ? undoRestore(restore, context)
          : this.recoverRestore(restore, context);
        await recovered.catch(error => {
          context.signal.throwIfAborted();
          context.logger.warn(
            { restore: restore.metadata.name, error: textOf(error) },
            'an interrupted restore could not be brought to its end yet',
          );
        });
      }
    }
  }

  /** Goes on with a Restore that has only ordered content beside the application: with the same names, all of it is found again. */
  private async takeUp(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const admission = await admitRestore(restore, context);
    if ('refused' in admission) {
      return this.recoverRestore(
        restore,
        context,
        admission.refused.join('; '),
      );
    }
    return this.run({ ...admission.admitted, restore }, context);
  }

  /** A Restore that no process works on any more, though its phase or its state says so. */
  private async recoverRestore(
    restore: Restore,
    context: ControllerContext,
    reason = interrupted,
  ): Promise<void> {
    const inPlace = await recoverInPlace(restore, context);
    await cancelOperations(await listOperations(restore, context), context);
    await this.sweep(restore, context).catch(error => {
      context.signal.throwIfAborted();
      context.logger.warn(
        { restore: restore.metadata.name, error: textOf(error) },
        'half-written results of an interrupted restore stay in storage until it is swept',
      );
    });
    await this.fail(
      restore,
      context,
      inPlace ? `${reason}; ${inPlace}` : reason,
    );
  }

  private async sweep(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void> {
    const location = await locationOf(restore, context);
    if (location && location.spec.accessMode !== 'ReadOnly') {
      const store = await context.openStore(location);
      await store.sweepRestore(restore.metadata.name ?? '', {
        signal: context.signal,
      });
    }
  }

  async reconcile(
    key: ObjectKey,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const restore = await context.client.get<Restore>(this.type, key, {
      signal: context.signal,
    });
    if (!restore) {
      return undefined;
    }
    if (isUndoing(restore)) {
      return undoRestore(restore, context);
    }
    if (canBeTakenUp(restore)) {
      return this.takeUp(restore, context);
    }
    // Nobody else runs it: there is one reconcile at a time per object, and one leader.
    if (needsRecovery(restore)) {
      await this.recoverRestore(restore, context);
      return undefined;
    }
    if (restore.metadata.deletionTimestamp) {
      return this.remove(restore, context);
    }
    if (isWaiting(restore) || isFinalizing(restore)) {
      return this.goOn(restore, context);
    }
    if (!isTerminalRestorePhase(restore.status?.phase)) {
      return this.start(restore, context);
    }
    return wantsUndo(restore) ? undoRestore(restore, context) : undefined;
  }

  /** Lets a deleted Restore go, once nothing writes for it any more. */
  private async remove(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const operations = await listOperations(restore, context);
    if (unfinished(operations).length > 0) {
      await cancelOperations(operations, context);
      return { requeueAfterMs: lookAgainMs };
    }
    await this.removeFiles(restore, context);
    return undefined;
  }

  private async start(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const canceledBy = cancelRequest(restore);
    if (canceledBy) {
      await this.fail(restore, context, `Canceled by ${canceledBy}`);
      return undefined;
    }
    const admission = await admitRestore(restore, context).catch(
      (error): RestoreAdmission => {
        if (!(error instanceof StorageError)) {
          throw error;
        }
        return {
          refused: [`the backup cannot be read from storage: ${error.message}`],
          restore,
        };
      },
    );
    const refused = 'refused' in admission ? admission.refused : undefined;
    const completed =
      'refused' in admission ? admission.restore : admission.admitted.restore;
    const started = await this.change(context, restore, current => ({
      ...current,
      spec: completed.spec,
      metadata: {
        ...current.metadata,
        ...(completed.metadata.labels && { labels: completed.metadata.labels }),
        // A Restore that ran has files in storage, to be removed with it.
        ...(!refused && {
          finalizers: [
            ...(current.metadata.finalizers ?? []).filter(
              name => name !== veleroFinalizers.restoreExternalResources,
            ),
            veleroFinalizers.restoreExternalResources,
          ],
        }),
      },
      status: {
        ...current.status,
        ...(refused
          ? { phase: 'FailedValidation', validationErrors: refused }
          : {
              phase: 'InProgress',
              startTimestamp: seconds(context.clock.now()),
            }),
      },
    })).catch(ignoreGone);
    return started && 'admitted' in admission
      ? this.run({ ...admission.admitted, restore: started }, context)
      : undefined;
  }

  private async run(
    admitted: AdmittedRestore,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const { clock, client } = context;
    const { restore, store } = admitted;
    const name = restore.metadata.name ?? '';
    const spool = await SpoolFolder.create();
    const abort = new AbortController();
    const signal = AbortSignal.any([context.signal, abort.signal]);
    const watcher = this.watchForEnd(restore, context, abort);
    const progress = new ProgressReporter<RestoreProgress>(
      clock,
      async latest => {
        await client.patch(
          this.type,
          { namespace: context.namespace, name },
          { contentType: 'merge', body: { status: { progress: latest } } },
          { signal },
        );
      },
    );
    const log = new RunLog({
      file: spool.file('log.gz'),
      clock: () => new Date(clock.now()),
      fields: { restore: `${context.namespace}/${name}` },
    });
    let placed: Restore;
    try {
      const outcome = await executeRestore(
        admitted,
        context,
        { spool, log, signal },
        latest => progress.report(latest),
      );
      await progress.end();
      const operations = await listOperations(restore, context);
      const { findings } = outcome;
      const problem = await storeResults(
        store,
        name,
        {
          log,
          findings,
          resources: outcome.resources,
          operations: itemOperationsOf(restore, outcome.volumes, operations),
          volumeInfo: restoreVolumeInfoOf(
            outcome.volumes,
            operations,
            () => undefined,
          ),
        },
        signal,
      );
      if (problem) {
        findings.add('errors', { velero: true }, problem);
      }
      placed = await this.change(context, restore, current =>
        placedRestore(
          current,
          outcome,
          operations.downloads.size + operations.files.size > 0,
        ),
      );
    } catch (error) {
      await progress.end();
      if (context.signal.aborted || error instanceof LeaseLostError) {
        // Another engine, or this one after its restart, brings it to its end.
        throw error;
      }
      if (error instanceof ObjectGoneError) {
        return undefined;
      }
      const reason = textOf(abort.signal.aborted ? abort.signal.reason : error);
      await persistently(context, async () => {
        await cancelOperations(await listOperations(restore, context), context);
        await this.fail(restore, context, reason);
      });
      return undefined;
    } finally {
      watcher.stop();
      await log.discard();
      await spool.remove();
    }
    return this.goOn(placed, context);
  }

  /** What remains after the objects were placed. Each step can be taken by another engine than the one before. */
  private async goOn(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    let current = restore;
    let problem: string | undefined;
    if (isWaiting(current)) {
      const operations = await listOperations(current, context);
      const open = unfinished(operations);
      problem = this.whyEnded(current, context);
      if (open.length > 0) {
        if (!problem) {
          return { requeueAfterMs: lookAgainMs };
        }
        await cancelOperations(operations, context);
        if (!(await this.hasHadItsTime(current, context))) {
          return { requeueAfterMs: lookAgainMs };
        }
      }
      const finalizing = await this.change(context, current, latest =>
        withStatus(latest, {
          phase: hasErrors(latest) ? 'FinalizingPartiallyFailed' : 'Finalizing',
        }),
      ).catch(ignoreGone);
      if (!finalizing) {
        return undefined;
      }
      current = finalizing;
    }
    problem ??= this.whyEnded(current, context);
    const { latest, end } = await this.finalize(current, context, problem);
    await persistently(context, () =>
      this.finish(latest, end, context).catch(ignoreGone),
    );
    return undefined;
  }

  /** Claims and hooks may be waited for long: whoever cancels the Restore ends that. */
  private async finalize(
    restore: Restore,
    context: ControllerContext,
    problem: string | undefined,
  ): Promise<{ latest: Restore; end: RestoreEnd }> {
    if (problem) {
      return {
        latest: restore,
        end: await finalizeRestore(restore, context, problem),
      };
    }
    const abort = new AbortController();
    const watcher = this.watchForEnd(restore, context, abort);
    const signal = AbortSignal.any([context.signal, abort.signal]);
    try {
      const end = await finalizeRestore(restore, { ...context, signal });
      return { latest: restore, end };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!abort.signal.aborted) {
        throw error;
      }
      // As it is now: it says which hooks were begun, and who cancelled it.
      const latest = await this.change(context, restore, () => undefined);
      return {
        latest,
        end: await finalizeRestore(
          latest,
          context,
          textOf(abort.signal.reason),
        ),
      };
    } finally {
      watcher.stop();
    }
  }

  /** Why waiting for content ends before its time, or undefined. */
  private whyEnded(
    restore: Restore,
    context: ControllerContext,
  ): string | undefined {
    const canceledBy = cancelRequest(restore);
    if (canceledBy) {
      return `Canceled by ${canceledBy}`;
    }
    return isWaiting(restore) && context.clock.now() > deadlineOf(restore)
      ? `the data of volumes was not there within ${
          restore.spec.itemOperationTimeout ?? '4h0m0s'
        } (spec.itemOperationTimeout)`
      : undefined;
  }

  /** Whether what was asked to end has had its time for that; asked for the first time, the time begins. */
  private async hasHadItsTime(
    restore: Restore,
    context: ControllerContext,
  ): Promise<boolean> {
    const { clock } = context;
    const asked = restore.metadata.annotations?.[endAsked];
    if (asked) {
      return clock.now() > Date.parse(asked) + endMs;
    }
    await this.change(context, restore, current => ({
      ...current,
      metadata: {
        ...current.metadata,
        annotations: {
          ...current.metadata.annotations,
          [endAsked]: seconds(clock.now()),
        },
      },
    })).catch(ignoreGone);
    return false;
  }

  private async finish(
    restore: Restore,
    end: RestoreEnd,
    context: ControllerContext,
  ): Promise<void> {
    const canceledBy = cancelRequest(restore);
    await this.change(context, restore, current => {
      const errors = (current.status?.errors ?? 0) + end.errors;
      const warnings = (current.status?.warnings ?? 0) + end.warnings;
      const { attempted, completed, failed } = end.operations;
      return withStatus(current, {
        ...(canceledBy
          ? { phase: 'Failed', failureReason: `Canceled by ${canceledBy}` }
          : { phase: errors > 0 ? 'PartiallyFailed' : 'Completed' }),
        completionTimestamp: seconds(context.clock.now()),
        ...(warnings > 0 && { warnings }),
        ...(errors > 0 && { errors }),
        ...(attempted > 0 && { restoreItemOperationsAttempted: attempted }),
        ...(completed > 0 && { restoreItemOperationsCompleted: completed }),
        ...(failed > 0 && { restoreItemOperationsFailed: failed }),
        ...(end.hooks && { hookStatus: end.hooks }),
      });
    });
  }

  /** Ends a run whose Restore is deleted, canceled, or takes too long. */
  private watchForEnd(
    restore: Restore,
    context: ControllerContext,
    abort: AbortController,
  ): { stop(): void } {
    const { clock } = context;
    const stopped = new AbortController();
    const signal = AbortSignal.any([stopped.signal, context.signal]);
    const limit = parseDurationOr(
      restore.spec.itemOperationTimeout,
      defaults.itemOperationTimeout,
    );
    const until = clock.monotonic() + limit;
    const ref = {
      namespace: context.namespace,
      name: restore.metadata.name ?? '',
    };
    const watch = async () => {
      for (;;) {
        await clock.sleep(lookEveryMs, signal);
        const current = context.cacheOf<Restore>(this.type).get(ref);
        const canceledBy = current && cancelRequest(current);
        if (canceledBy) {
          abort.abort(new RunEndedError(`Canceled by ${canceledBy}`));
        } else if (current?.metadata.deletionTimestamp) {
          abort.abort(
            new RunEndedError('the Restore was deleted while it was running'),
          );
        } else if (clock.monotonic() > until) {
          abort.abort(
            new RunEndedError(
              `the restore did not end within ${
                restore.spec.itemOperationTimeout ?? '4h0m0s'
              } (spec.itemOperationTimeout)`,
            ),
          );
        }
      }
    };
    watch().catch(() => {});
    return { stop: () => stopped.abort() };
  }

  /** Removes `restores/<name>/` and lets the Restore go. */
  private async removeFiles(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void> {
    const { signal } = context;
    const finalizers = restore.metadata.finalizers ?? [];
    if (!finalizers.includes(veleroFinalizers.restoreExternalResources)) {
      return;
    }
    const location = await locationOf(restore, context);
    if (location && location.spec.accessMode !== 'ReadOnly') {
      try {
        const store: BackupStore = await context.openStore(location);
        await store.deleteRestore(restore.metadata.name ?? '', { signal });
      } catch (error) {
        // With the bucket its files have gone; other failures pass, or are somebody's to mend.
        if (
          !(error instanceof StorageError && error.reason === 'bucket-missing')
        ) {
          throw error;
        }
      }
    }
    await this.change(context, restore, current => ({
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: (current.metadata.finalizers ?? []).filter(
          name => name !== veleroFinalizers.restoreExternalResources,
        ),
      },
    })).catch(error => {
      if (!isNotFound(error)) {
        ignoreGone(error);
      }
    });
  }

  private async fail(
    restore: Restore,
    context: ControllerContext,
    failureReason: string,
  ): Promise<void> {
    await this.change(context, restore, current =>
      isTerminalRestorePhase(current.status?.phase)
        ? undefined
        : withStatus(current, {
            phase: 'Failed',
            failureReason,
            completionTimestamp: seconds(context.clock.now()),
          }),
    ).catch(ignoreGone);
  }

  private change(
    context: ControllerContext,
    restore: Restore,
    change: (current: Restore) => Restore | undefined,
  ): Promise<Restore> {
    return changeObject(context, this.type, restore, change);
  }
}

/** The Restore that ordered the content of a volume. */
function restoreOf(
  { metadata }: KubernetesObject,
  { namespace }: ControllerContext,
): ObjectKey[] {
  return (metadata.ownerReferences ?? [])
    .filter(({ kind }) => kind === 'Restore')
    .map(({ name }) => ({ namespace, name }));
}

/** The location of the backup that a Restore is from, when both are there. */
async function locationOf(
  restore: Restore,
  { client, namespace, signal }: ControllerContext,
): Promise<BackupStorageLocation | undefined> {
  const backup = await client.get<Backup>(
    veleroTypes.backups,
    { namespace, name: restore.spec.backupName ?? '' },
    { signal },
  );
  return (
    backup &&
    client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: backup.spec.storageLocation ?? '' },
      { signal },
    )
  );
}

function progressOf({ total, restored }: RestoreRunOutcome): RestoreProgress {
  return { totalItems: total, itemsRestored: restored };
}

/** Whether objects are being placed, or are left half placed. */
function isPlacing(restore: Restore): boolean {
  return restore.status?.phase === 'InProgress';
}

function isWaiting(restore: Restore): boolean {
  const phase = restore.status?.phase;
  return (
    phase === 'WaitingForPluginOperations' ||
    phase === 'WaitingForPluginOperationsPartiallyFailed'
  );
}

function isFinalizing(restore: Restore): boolean {
  const phase = restore.status?.phase;
  return phase === 'Finalizing' || phase === 'FinalizingPartiallyFailed';
}

/** Whether an application may be stopped by a restore that nobody carries on. */
function hasStoppedSomething(restore: Restore): boolean {
  const state = readInPlaceState(restore);
  return (
    state !== undefined &&
    (state.stage === 'swapping' ||
      state.stage === 'undoing' ||
      state.workloads.length > 0)
  );
}

function needsRecovery(restore: Restore): boolean {
  return (
    isPlacing(restore) ||
    hasStoppedSomething(restore) ||
    readInPlaceState(restore)?.stage === 'staging'
  );
}

/** Whether a running Restore has changed nothing yet, and is still wanted. */
function canBeTakenUp(restore: Restore): boolean {
  return (
    isPlacing(restore) &&
    readInPlaceState(restore)?.stage === 'staging' &&
    !cancelRequest(restore) &&
    !restore.metadata.deletionTimestamp
  );
}

async function recoverInPlace(
  restore: Restore,
  context: ControllerContext,
): Promise<string | undefined> {
  const state = readInPlaceState(restore);
  if (!state || (state.stage === 'undone' && state.workloads.length === 0)) {
    return undefined;
  }
  const { client, signal, logger } = context;
  return InPlaceRestore.resume(
    restore,
    inPlaceOptions(context, await client.discover(signal), signal, message =>
      logger.info({ restore: restore.metadata.name }, message),
    ),
    state,
  ).recover();
}

function hasErrors(restore: Restore): boolean {
  return (restore.status?.errors ?? 0) > 0;
}

/** A Restore whose objects are placed, with what a later engine needs to bring it to its end. */
function placedRestore(
  restore: Restore,
  outcome: PlacedOutcome,
  hasOperations: boolean,
): Restore {
  const { errorCount, warningCount } = outcome.findings;
  const suffix = errorCount > 0 ? 'PartiallyFailed' : '';
  return withStatus(
    {
      ...restore,
      metadata: {
        ...restore.metadata,
        annotations: {
          ...restore.metadata.annotations,
          ...restoredVolumesAnnotation(outcome.volumes),
          ...hooksAnnotation({ started: false, pods: outcome.hooks }),
        },
      },
    },
    {
      phase: hasOperations
        ? `WaitingForPluginOperations${suffix}`
        : `Finalizing${suffix}`,
      progress: progressOf(outcome),
      ...(warningCount > 0 && { warnings: warningCount }),
      ...(errorCount > 0 && { errors: errorCount }),
    },
  );
}

function withStatus(restore: Restore, status: RestoreStatus): Restore {
  return { ...restore, status: { ...restore.status, ...status } };
}

function ignoreGone(error: unknown): undefined {
  if (error instanceof ObjectGoneError) {
    return undefined;
  }
  throw error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
