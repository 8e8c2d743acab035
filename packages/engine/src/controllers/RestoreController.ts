import {
  Backup,
  BackupStorageLocation,
  defaults,
  isTerminalRestorePhase,
  parseDurationOr,
  Restore,
  RestorePhase,
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
import { veleroTypes } from '../cluster/knownTypes';
import { LeaseLostError } from '../cluster/LeaseLostError';
import type { EngineConfig } from '../config/EngineConfig';
import { ApplySink } from '../restore/apply/ApplySink';
import { targetProblem } from '../restore/limits/restoreTarget';
import { filtersOf, openBackup } from '../restore/openRestore';
import { prioritiesByName } from '../restore/order/resourcePriorities';
import { RestoreRun, RestoreRunOutcome } from '../restore/RestoreRun';
import { restoreActions } from '../restore/transform/restoreActions';
import type { BackupStore } from '../storage/BackupStore';
import { StorageError } from '../storage/ObjectStore';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
} from './Controller';
import {
  AdmittedRestore,
  admitRestore,
  RestoreAdmission,
  targetRules,
} from './RestoreValidation';
import { persistently } from './persistently';

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

  concurrency(config: EngineConfig): number {
    return Math.max(config.concurrency.restores, 1);
  }

  async recover(context: ControllerContext): Promise<void> {
    for await (const restore of context.client.list<Restore>(this.type, {
      namespace: context.namespace,
      signal: context.signal,
    })) {
      if (isRunning(restore)) {
        await this.recoverRestore(restore, context).catch(error => {
          context.signal.throwIfAborted();
          context.logger.warn(
            { restore: restore.metadata.name, error: textOf(error) },
            'an interrupted restore could not be brought to its end yet',
          );
        });
      }
    }
  }

  /** A Restore that no process works on any more, though its phase says so. */
  private async recoverRestore(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void> {
    await this.sweep(restore, context).catch(error => {
      context.signal.throwIfAborted();
      context.logger.warn(
        { restore: restore.metadata.name, error: textOf(error) },
        'half-written results of an interrupted restore stay in storage until it is swept',
      );
    });
    await this.fail(restore, context, interrupted);
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
      return;
    }
    if (restore.metadata.deletionTimestamp) {
      await this.removeFiles(restore, context);
    } else if (isRunning(restore)) {
      // Nobody else runs it: there is one reconcile at a time per object, and one leader.
      await this.recoverRestore(restore, context);
    } else if (!isTerminalRestorePhase(restore.status?.phase)) {
      await this.start(restore, context);
    }
  }

  private async start(
    restore: Restore,
    context: ControllerContext,
  ): Promise<void> {
    const canceledBy = cancelRequest(restore);
    if (canceledBy) {
      await this.fail(restore, context, `Canceled by ${canceledBy}`);
      return;
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
    if (started && 'admitted' in admission) {
      await this.run({ ...admission.admitted, restore: started }, context);
    }
  }

  private async run(
    admitted: AdmittedRestore,
    context: ControllerContext,
  ): Promise<void> {
    const { clock, client } = context;
    const { restore } = admitted;
    const spool = await SpoolFolder.create();
    const abort = new AbortController();
    const signal = AbortSignal.any([context.signal, abort.signal]);
    const watcher = this.watchForEnd(restore, context, abort);
    const progress = new ProgressReporter<RestoreProgress>(
      clock,
      async latest => {
        await client.patch(
          this.type,
          { namespace: context.namespace, name: restore.metadata.name ?? '' },
          { contentType: 'merge', body: { status: { progress: latest } } },
          { signal },
        );
      },
    );
    const log = new RunLog({
      file: spool.file('log.gz'),
      clock: () => new Date(clock.now()),
      fields: { restore: `${context.namespace}/${restore.metadata.name}` },
    });
    try {
      const outcome = await this.execute(
        admitted,
        context,
        { spool, log, signal },
        latest => progress.report(latest),
      );
      await progress.end();
      const errors = outcome.findings.errorCount > 0;
      await this.change(context, restore, current =>
        withStatus(current, {
          phase: errors ? 'FinalizingPartiallyFailed' : 'Finalizing',
          progress: progressOf(outcome),
        }),
      );
      await this.storeResults(admitted, outcome, log, signal);
      await persistently(context, () => this.finish(restore, outcome, context));
    } catch (error) {
      await progress.end();
      if (context.signal.aborted || error instanceof LeaseLostError) {
        // Another engine, or this one after its restart, brings it to its end.
        throw error;
      }
      if (error instanceof ObjectGoneError) {
        return;
      }
      const reason = textOf(abort.signal.aborted ? abort.signal.reason : error);
      await persistently(context, () => this.fail(restore, context, reason));
    } finally {
      watcher.stop();
      await log.discard();
      await spool.remove();
    }
  }

  private async execute(
    admitted: AdmittedRestore,
    context: ControllerContext,
    run: { spool: SpoolFolder; log: RunLog; signal: AbortSignal },
    onProgress: (progress: RestoreProgress) => void,
  ): Promise<RestoreRunOutcome> {
    const { client, clock, config } = context;
    const { restore, backup, store, scope, targetNamespace } = admitted;
    const { spool, log, signal } = run;
    const backupName = backup.metadata.name ?? '';
    log.info(`Starting restore of backup ${context.namespace}/${backupName}`);
    const opened = await openBackup(
      store,
      backupName,
      spool.file('contents'),
      admitted.record,
      { signal },
    );
    try {
      const discovery = await client.discover(signal);
      discovery.warnings.forEach(warning => log.write('warning', warning));
      const restoreRun = new RestoreRun({
        restore,
        backupName,
        contents: opened.contents,
        volumeInfo: opened.volumeInfo,
        shared: opened.shared,
        discovery,
        discover: () => client.discover(signal),
        filters: filtersOf(restore, opened.contents, discovery),
        priorities: prioritiesByName[config.restore.order],
        actions: await restoreActions(
          client,
          discovery,
          context.namespace,
          signal,
        ),
        modifiers: admitted.modifiers,
        ...(scope &&
          targetNamespace && {
            tenant: {
              scope,
              targetNamespace,
              allowedClusterRoles: config.restore.allowedClusterRoles,
            },
          }),
        sink: new ApplySink({
          client,
          clock,
          signal,
          mayCreateNamespaces: scope ? config.createNamespaces : true,
          ...(scope && {
            // Consent is asked again of the namespace as it is when the run gets there.
            namespaceProblem: namespace =>
              targetProblem({
                ...targetRules(context),
                scope,
                recorded: admitted.record?.scope,
                target: namespace.metadata.name ?? '',
                namespace,
              }),
          }),
          controlNamespace: context.namespace,
        }),
        log,
        signal,
        onProgress,
      });
      const outcome = await restoreRun.run();
      for (const hook of restore.spec.hooks?.resources ?? []) {
        const message = `hook ${hook.name} was not run: hooks arrive with a later version`;
        outcome.findings.add('errors', { velero: true }, message);
        log.write('error', message);
      }
      log.info('restore completed');
      return outcome;
    } finally {
      await opened.contents.close();
    }
  }

  private async storeResults(
    { restore, store }: AdmittedRestore,
    outcome: RestoreRunOutcome,
    log: RunLog,
    signal: AbortSignal,
  ): Promise<void> {
    await log.close();
    if (store.readOnly) {
      return;
    }
    const name = restore.metadata.name ?? '';
    const options = { signal };
    try {
      await store.putRestoreFile(name, 'logs', log.read(), options);
      await store.putRestoreJson(
        name,
        'results',
        outcome.findings.results,
        options,
      );
      await store.putRestoreJson(
        name,
        'resourceList',
        outcome.resources.toJSON(),
        options,
      );
      await store.putRestoreJson(name, 'itemOperations', [], options);
      await store.putRestoreJson(name, 'volumeInfo', [], options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeaseLostError) {
        throw error;
      }
      // The objects are in place; only their account is incomplete, and the phase says so.
      outcome.findings.add(
        'errors',
        { velero: true },
        `the results could not be stored: ${textOf(error)}`,
      );
    }
  }

  private async finish(
    restore: Restore,
    outcome: RestoreRunOutcome,
    context: ControllerContext,
  ): Promise<void> {
    const { findings } = outcome;
    const phase: RestorePhase =
      findings.errorCount > 0 ? 'PartiallyFailed' : 'Completed';
    await this.change(context, restore, current =>
      withStatus(current, {
        phase,
        completionTimestamp: seconds(context.clock.now()),
        progress: progressOf(outcome),
        ...(findings.warningCount > 0 && { warnings: findings.warningCount }),
        ...(findings.errorCount > 0 && { errors: findings.errorCount }),
      }),
    );
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

function isRunning(restore: Restore): boolean {
  const phase = restore.status?.phase;
  return (
    phase === 'InProgress' ||
    phase === 'Finalizing' ||
    phase === 'FinalizingPartiallyFailed' ||
    phase === 'WaitingForPluginOperations' ||
    phase === 'WaitingForPluginOperationsPartiallyFailed'
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
