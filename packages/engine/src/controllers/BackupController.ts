import {
  Backup,
  BackupPhase,
  BackupProgress,
  BackupStatus,
  BackupStorageLocation,
  defaults,
  isTerminalBackupPhase,
  lifeboatAnnotations,
  parseDurationOr,
  readScope,
  validateBackupSpec,
  writeVolumeCounts,
} from '@lifeboat/velero-api';
import { backupActions } from '../backup/actions/backupActions';
import { backupFilters } from '../backup/BackupFilters';
import { cancelRequest, RunEndedError } from '../backup/cancellation';
import { changeObject, ObjectGoneError } from '../backup/changeObject';
import { executeBackup, RunResult } from '../backup/executeBackup';
import { existingNamespaces } from '../backup/existingNamespaces';
import { prepareBackup, seconds } from '../backup/prepareBackup';
import { ProgressReporter } from '../backup/ProgressReporter';
import { RunLog } from '../backup/RunLog';
import { scopeProblems } from '../backup/scopeProblems';
import { removeAbandonedSpools, SpoolFolder } from '../backup/SpoolFolder';
import { chooseLocation, locationProblem } from '../backup/storageLocation';
import { operationStatus } from '../backup/volumes/finaliseBackup';
import { cancelDataPaths, stopVolumes } from '../backup/volumes/stopVolumes';
import { VolumeStage } from '../backup/volumes/VolumeStage';
import { removeWaitingState } from '../backup/volumes/WaitingState';
import type { Discovery } from '../cluster/Discovery';
import { equalJson } from '../cluster/json';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { veleroTypes } from '../cluster/knownTypes';
import type { EngineConfig } from '../config/EngineConfig';
import type { BackupStore } from '../storage/BackupStore';
import { execInPodOf } from '../volumes/hooks/execInPod';
import { loadPolicies } from '../volumes/policies/loadPolicies';
import type { ResourcePolicies } from '../volumes/policies/ResourcePolicies';
import { isWaiting, planQueue } from './BackupQueue';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
  Trigger,
} from './Controller';
import { consentProblem } from './BackupConsent';
import { persistently } from './persistently';
import {
  movedLocation,
  placeFingerprint,
  storedInAnnotation,
} from './storageLocations';
import {
  endWaitingBackup,
  WaitingBackup,
  WaitingBackups,
} from './WaitingBackups';
import {
  mayBeFrozen,
  noteFrozen,
  wakeApplications,
  wakeSignal,
} from './wakeApplications';

/** On a Failed Backup: its partial files could not be removed from storage yet. */
const cleanupAnnotation = 'lifeboat.dev/storage-cleanup';

// A run that was cancelled still cleans up, but does not wait forever for dead storage.
const cleanupTimeoutMs = 60_000;

const lookAgainMs = 500;

/** How often VolumeSnapshots are looked at, of which nobody tells. */
const lookAtSnapshotsMs = 1_000;

/** How often time-outs of data that is being moved are looked at; its changes are told at once. */
const lookAtTimeoutsMs = 10_000;

/** How long a cancelled backup waits for its data movers to end. */
const cancelGraceMs = 90_000;

const finaliseAttempts = 5;

const afterRunPhases: BackupPhase[] = [
  'WaitingForPluginOperations',
  'WaitingForPluginOperationsPartiallyFailed',
  'Finalizing',
  'FinalizingPartiallyFailed',
];

const runningPhases: (BackupPhase | undefined)[] = [
  'InProgress',
  ...afterRunPhases,
];

const interrupted = 'the engine stopped while this backup was running';

interface RunningBackup {
  backup: Backup;
  abort: AbortController;
  ended: Promise<void>;
}

/**
 * Carries out Backups: queue, preparation, validation, the run, its end; and brings what an earlier process left half done to
 * a truthful phase.
 *
 * Source: Velero `backup_queue_controller.go`, `backup_controller.go`, `backup_finalizer_controller.go`.
 */
export class BackupController implements Controller {
  readonly name = 'backup';
  readonly type = veleroTypes.backups;
  readonly triggers: readonly Trigger[] = [
    { type: veleroTypes.dataUploads, keys: ownerKeys },
    { type: veleroTypes.podVolumeBackups, keys: ownerKeys },
  ];
  private readonly running = new Map<string, RunningBackup>();
  private planning: Promise<void> = Promise.resolve();
  /** A plan that has not begun yet: it will see what made somebody ask for another. */
  private planned: Promise<void> | undefined;
  private readonly waiting = new WaitingBackups();
  private readonly cancelledSince = new Map<string, number>();
  private readonly failedEnds = new Map<
    string,
    { count: number; notBefore: number }
  >();

  concurrency(config: EngineConfig): number {
    return Math.max(config.concurrency.backups, 1);
  }

  async recover(context: ControllerContext): Promise<void> {
    const backups: Backup[] = [];
    for await (const backup of context.client.list<Backup>(this.type, {
      namespace: context.namespace,
      signal: context.signal,
    })) {
      backups.push(backup);
    }
    // Before anything else: applications wait for it.
    await Promise.all(
      backups.filter(mayBeFrozen).map(backup => this.wake(backup, context)),
    );
    await removeAbandonedSpools();
    for (const backup of backups) {
      if (backup.status?.phase === 'InProgress') {
        await this.recoverBackup(backup, context).catch(error =>
          context.logger.warn(
            { backup: backup.metadata.name, error: textOf(error) },
            'an interrupted backup could not be brought to its end yet',
          ),
        );
      }
    }
  }

  async reconcile(
    key: ObjectKey,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const backup = await context.client.get<Backup>(this.type, key, {
      signal: context.signal,
    });
    const run = this.running.get(key.name);
    if (run) {
      this.endIfAsked(run, backup);
      // Its last change may come before it counts as ended: what is left to do then must not wait for another change.
      return { requeueAfterMs: lookAgainMs };
    }
    if (!backup || backup.metadata.deletionTimestamp) {
      await this.startWaiting(context);
      return undefined;
    }
    if (mayBeFrozen(backup) && !(await this.wake(backup, context))) {
      return { requeueAfterMs: lookAtTimeoutsMs };
    }
    if (isAfterRun(backup)) {
      return this.goOn(backup, context);
    }
    if (runningPhases.includes(backup.status?.phase)) {
      await this.recoverBackup(backup, context);
    } else if (backup.metadata.annotations?.[cleanupAnnotation]) {
      await this.cleanUp(backup, context);
    } else if (isWaiting(backup)) {
      if (cancelRequest(backup)) {
        await this.fail(backup, context, canceledBy(backup));
      }
      await this.startWaiting(context);
      return { requeueAfterMs: 60_000 };
    }
    return undefined;
  }

  private endIfAsked(run: RunningBackup, backup: Backup | undefined): void {
    if (
      !backup ||
      backup.metadata.deletionTimestamp ||
      backup.metadata.uid !== run.backup.metadata.uid
    ) {
      run.abort.abort(
        new RunEndedError('the Backup was deleted while it was running'),
      );
    } else if (cancelRequest(backup)) {
      run.abort.abort(new RunEndedError(canceledBy(backup)));
    }
  }

  /** Starts what may start and tells the others their position; one decision at a time. */
  private startWaiting(context: ControllerContext): Promise<void> {
    if (!this.planned) {
      const next = this.planning.then(() => {
        this.planned = undefined;
        return this.plan(context);
      });
      this.planned = next;
      this.planning = next.catch(() => {});
    }
    return this.planned;
  }

  private async plan(context: ControllerContext): Promise<void> {
    const waiting: Backup[] = [];
    for await (const backup of context.client.list<Backup>(this.type, {
      namespace: context.namespace,
      signal: context.signal,
    })) {
      if (
        isWaiting(backup) &&
        !backup.metadata.deletionTimestamp &&
        !this.running.has(backup.metadata.name ?? '')
      ) {
        waiting.push(backup);
      }
    }
    const { start, wait } = planQueue(
      waiting,
      [...this.running.values()].map(run => run.backup),
      Math.max(context.config.concurrency.backups, 1),
    );
    for (const backup of start) {
      this.start(backup, context);
    }
    for (const { backup, position } of wait) {
      if (
        backup.status?.phase !== 'Queued' ||
        backup.status.queuePosition !== position
      ) {
        await this.change(context, backup, current =>
          isWaiting(current)
            ? withStatus(current, { phase: 'Queued', queuePosition: position })
            : undefined,
        ).catch(ignoreGone);
      }
    }
  }

  private start(backup: Backup, context: ControllerContext): void {
    this.track(backup, context, abort => this.run(backup, context, abort));
  }

  /** Runs something about a backup in the background, one thing at a time. */
  private track(
    backup: Backup,
    context: ControllerContext,
    work: (abort: AbortController) => Promise<void>,
  ): void {
    const name = backup.metadata.name ?? '';
    const abort = new AbortController();
    const ended = work(abort)
      .catch(error => {
        if (!context.signal.aborted) {
          context.logger.error(
            { backup: name, error: textOf(error) },
            'a backup could not be brought to its end',
          );
        }
      })
      .finally(() => {
        this.running.delete(name);
        if (!context.signal.aborted) {
          this.startWaiting(context).catch(error =>
            context.logger.warn(
              { error: textOf(error) },
              'the next backup could not be started; it is tried again within a minute',
            ),
          );
        }
      });
    this.running.set(name, { backup, abort, ended });
  }

  private async run(
    backup: Backup,
    context: ControllerContext,
    abort: AbortController,
  ): Promise<void> {
    const { client } = context;
    // Before the Backup is InProgress: a full disk must not leave it so.
    const spool = await SpoolFolder.create();
    try {
      const discovery = await client.discover(context.signal);
      const admitted = await this.admit(backup, discovery, context);
      if (admitted) {
        await this.carryOut(admitted, discovery, { spool, abort }, context);
      }
    } finally {
      await spool.remove();
    }
  }

  private async carryOut(
    admitted: AdmittedBackup,
    discovery: Discovery,
    { spool, abort }: { spool: SpoolFolder; abort: AbortController },
    context: ControllerContext,
  ): Promise<void> {
    const { client, clock } = context;
    const { location } = admitted;
    let current = admitted.backup;
    let store: BackupStore | undefined;
    let ownsFiles = false;
    let finished: Backup | undefined;
    const signal = AbortSignal.any([context.signal, abort.signal]);
    const timeout = this.limitTime(current, context, abort);
    const log = new RunLog({
      file: spool.file('log.gz'),
      clock: () => new Date(clock.now()),
      fields: { backup: `${context.namespace}/${current.metadata.name}` },
    });
    const progress = new ProgressReporter<BackupProgress>(
      clock,
      async latest => {
        await client.patch(
          this.type,
          { namespace: context.namespace, name: current.metadata.name ?? '' },
          { contentType: 'merge', body: { status: { progress: latest } } },
          { signal },
        );
      },
    );
    const afterRun = async (
      { partiallyFailed, volumes, status }: RunResult,
      phase: BackupPhase,
      partialPhase: BackupPhase,
    ) => {
      const latest = await progress.end();
      let edited = false;
      current = await this.change(context, current, found => {
        const kept = asItRan(
          expectPhase(found, ['InProgress', phase, partialPhase]),
          current,
        );
        edited = !equalJson(kept, found);
        return {
          ...withStatus(kept, {
            ...status,
            phase: partiallyFailed ? partialPhase : phase,
            ...(latest && { progress: latest }),
          }),
          metadata: {
            ...kept.metadata,
            annotations: {
              ...kept.metadata.annotations,
              ...writeVolumeCounts(volumes),
            },
          },
        };
      });
      if (edited) {
        log.warn(
          'the Backup was edited while it was running; the spec and the scope that it started with stay, because they say what is in it',
        );
      }
      return current;
    };
    try {
      store = await context.openStore(location);
      if (await store.exists(current.metadata.name ?? '', { signal })) {
        throw new RunEndedError(
          `a backup named ${current.metadata.name} already exists in storage location ${location.metadata.name}; choose another name`,
        );
      }
      ownsFiles = true;
      const namespaces = await existingNamespaces(current.spec, client, signal);
      const filters = backupFilters(
        current.spec,
        discovery,
        namespaces.names,
        context.namespace,
        admitted.policies?.includeExcludePolicy,
      );
      finished = await executeBackup({
        backup: current,
        client,
        discovery,
        filters,
        controlNamespace: context.namespace,
        actions: await backupActions(discovery, client, signal),
        withRelatedItems: wantsRelatedItems(current),
        volumeStage: infos =>
          new VolumeStage(
            {
              backup: current,
              isComponent: readScope(current) !== undefined,
              client,
              discovery,
              clock,
              log,
              config: context.config,
              controlNamespace: context.namespace,
              policies: admitted.policies,
              claimsExcluded: filters.types.shouldExclude(
                'persistentvolumeclaims',
              ),
              exec: execInPodOf(context),
              signal,
              wakeSignal: () => wakeSignal(context),
              onFrozen: (pods, freezeSeconds) =>
                noteFrozen(
                  current,
                  pods,
                  freezeSeconds,
                  context,
                  wakeSignal(context),
                ),
            },
            infos,
          ),
        store,
        signer: await context.signer(),
        log,
        clock,
        signal,
        onProgress: latest => progress.report(latest),
        onFinalizing: result =>
          afterRun(result, 'Finalizing', 'FinalizingPartiallyFailed'),
        onWaiting: async result => {
          await afterRun(
            result,
            'WaitingForPluginOperations',
            'WaitingForPluginOperationsPartiallyFailed',
          );
        },
      });
    } catch (error) {
      await progress.end();
      if (context.signal.aborted) {
        // Another engine, or this one after its restart, brings it to its end.
        throw error;
      }
      const reason = abort.signal.aborted
        ? textOf(abort.signal.reason)
        : textOf(error);
      context.logger.warn(
        { backup: current.metadata.name, reason },
        'backup failed',
      );
      const removed = !ownsFiles || (await this.removeFiles(store!, current));
      const cleaned = (await this.stopData(current, context)) && removed;
      await persistently(context, () =>
        this.fail(current, context, reason, !cleaned),
      );
    } finally {
      timeout.clear();
      await log.discard();
    }
    if (finished) {
      const { status = {} } = finished;
      await persistently(context, () =>
        this.change(context, current, found =>
          asItRan(withStatus(found, status), current),
        ).catch(ignoreGone),
      );
    }
  }

  /** Prepares and validates a Backup; gives nothing when it was refused. */
  private async admit(
    backup: Backup,
    discovery: Discovery,
    context: ControllerContext,
  ): Promise<AdmittedBackup | undefined> {
    const { client, clock, config, signal } = context;
    const locations: BackupStorageLocation[] = [];
    for await (const location of client.list<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: context.namespace, signal },
    )) {
      locations.push(location);
    }
    const wanted = backup.spec?.storageLocation || undefined;
    const name = chooseLocation(wanted, locations, config.defaultLocation);
    const location = locations.find(l => l.metadata.name === name);
    const problems: string[] = [];
    const add = (problem: string | undefined) => {
      if (problem) {
        problems.push(problem);
      }
    };
    add(locationProblem(name, location, wanted));
    let excludedNamespaces: string[] = [];
    problems.push(...validateBackupSpec(backup.spec ?? {}));
    if (problems.length === 0) {
      try {
        ({ excluded: excludedNamespaces } = await existingNamespaces(
          backup.spec ?? {},
          client,
          signal,
        ));
      } catch (error) {
        context.signal.throwIfAborted();
        add(`the cluster's namespaces cannot be read: ${textOf(error)}`);
      }
    }
    const prepared = prepareBackup(backup, {
      defaultTtl: config.defaultTtl,
      storageLocation: location ? name : wanted,
      excludedNamespaces,
      serverVersion: discovery.serverVersion,
      now: new Date(clock.now()),
    });
    // Once more with what preparation added: a list may have become impossible by it.
    for (const problem of validateBackupSpec(prepared.spec)) {
      if (!problems.includes(problem)) {
        problems.push(problem);
      }
    }
    const { policies, problem } = await loadPolicies(prepared.spec, {
      client,
      namespace: context.namespace,
      signal,
    });
    add(problem);
    if (prepared.spec.snapshotVolumes !== false) {
      for (const snapshotLocation of prepared.spec.volumeSnapshotLocations ??
        []) {
        add(
          `a VolumeSnapshotLocation CRD for the location ${snapshotLocation} cannot be used: native volume snapshots are not supported; remove spec.volumeSnapshotLocations`,
        );
      }
    }
    const scope = readScope(backup);
    if (scope) {
      problems.push(...scopeProblems(prepared.spec, scope));
      add(await consentProblem(scope, context));
    } else if (backup.metadata.annotations?.[lifeboatAnnotations.scope]) {
      add(
        `metadata.annotations["${lifeboatAnnotations.scope}"] cannot be understood; a backup with an unreadable scope would be nobody's`,
      );
    }
    const refused = problems.length > 0 || !location;
    const admitted = await this.change(context, backup, current =>
      isWaiting(current)
        ? {
            ...current,
            spec: prepared.spec,
            metadata: {
              ...current.metadata,
              labels: {
                ...current.metadata.labels,
                ...prepared.metadata.labels,
              },
              annotations: {
                ...current.metadata.annotations,
                ...prepared.metadata.annotations,
                ...(location &&
                  !refused && {
                    [storedInAnnotation]: placeFingerprint(location),
                  }),
              },
            },
            status: {
              ...current.status,
              ...prepared.status,
              queuePosition: undefined,
              ...(refused
                ? { phase: 'FailedValidation', validationErrors: problems }
                : {
                    phase: 'InProgress',
                    startTimestamp: seconds(clock.now()),
                  }),
            },
          }
        : undefined,
    ).catch(ignoreGone);
    return admitted?.status?.phase === 'InProgress' && location && !refused
      ? { backup: admitted, location, ...(policies && { policies }) }
      : undefined;
  }

  /** Ends a run that takes longer than its Backup allows. */
  private limitTime(
    backup: Backup,
    context: ControllerContext,
    abort: AbortController,
  ): { clear(): void } {
    const limit = parseDurationOr(
      backup.spec.itemOperationTimeout,
      defaults.itemOperationTimeout,
    );
    const timer = new AbortController();
    context.clock
      .sleep(limit, AbortSignal.any([timer.signal, context.signal]))
      .then(() =>
        abort.abort(
          new RunEndedError(
            `the backup did not end within ${backup.spec.itemOperationTimeout} (spec.itemOperationTimeout)`,
          ),
        ),
      )
      .catch(() => {});
    return { clear: () => timer.abort() };
  }

  /** A Backup that no process works on any more, though its phase says so. */
  private async recoverBackup(
    backup: Backup,
    context: ControllerContext,
  ): Promise<void> {
    const { client, signal, namespace } = context;
    const name = backup.metadata.name ?? '';
    const location = await client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: backup.spec.storageLocation ?? '' },
      { signal },
    );
    if (!location) {
      await this.stopData(backup, context);
      await this.fail(
        backup,
        context,
        `${interrupted}, and its storage location is gone`,
      );
      return;
    }
    const moved = movedLocation(backup, location);
    if (moved) {
      // What is there now belongs to others; what it wrote is out of reach.
      await this.stopData(backup, context);
      await this.fail(
        backup,
        context,
        `${interrupted}; its partial files stay where they are${moved}`,
      );
      return;
    }
    let cleaned = false;
    try {
      const store = await context.openStore(location);
      const stored = await store.getMetadata(name, { signal });
      if (stored && stored.metadata.uid === backup.metadata.uid) {
        const { status = {} } = stored;
        if (!isTerminalBackupPhase(status.phase)) {
          await this.stopData(backup, context);
          // Velero stores a backup before its volume data is moved; nobody moves it any more.
          await this.fail(
            backup,
            context,
            `another engine stopped while this backup was in phase ${status.phase}, and its operations cannot be taken over`,
          );
          return;
        }
        // Everything is in storage: only the last change of the resource is missing.
        await this.change(context, backup, current =>
          asItRan(withStatus(current, status), stored),
        );
        return;
      }
      // Metadata of another Backup of that name: the files are not ours to remove.
      const removed =
        stored !== undefined || (await this.removeFiles(store, backup));
      cleaned = (await this.stopData(backup, context)) && removed;
    } catch (error) {
      signal.throwIfAborted();
      context.logger.warn(
        { backup: name, error: textOf(error) },
        'storage cannot be read to end an interrupted backup',
      );
      if (backup.status?.phase?.startsWith('Finalizing')) {
        // It may be complete in storage: only storage can tell.
        throw error;
      }
    }
    await this.fail(
      backup,
      context,
      cleaned
        ? `${interrupted}; its partial files were removed from storage`
        : `${interrupted}; its partial files are removed as soon as the storage can be used`,
      !cleaned,
    );
  }

  /** Wakes what a run left frozen. @returns false when it must be tried again */
  private async wake(
    backup: Backup,
    context: ControllerContext,
  ): Promise<boolean> {
    try {
      return await wakeApplications(backup, execInPodOf(context), context);
    } catch (error) {
      context.signal.throwIfAborted();
      context.logger.error(
        { backup: backup.metadata.name, error: textOf(error) },
        'applications that a backup froze could not be woken; it is tried again',
      );
      return false;
    }
  }

  /** Looks at a backup whose run is over: waits for its data, or ends it. */
  private async goOn(
    backup: Backup,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const { clock, client, namespace, signal } = context;
    const { uid = '' } = backup.metadata;
    const location = await client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: backup.spec.storageLocation ?? '' },
      { signal },
    );
    const found =
      location && !movedLocation(backup, location)
        ? await this.waiting.read(backup, location, context)
        : undefined;
    if (!found) {
      await this.recoverBackup(backup, context);
      return undefined;
    }
    if (cancelRequest(backup)) {
      return this.cancelWaiting(backup, found, context);
    }
    const late = new Set(
      found.operations
        .filter(({ isLate, state }) => isLate && state === 'open')
        .map(({ record }) => record.dataUpload ?? record.podVolumeBackup ?? ''),
    );
    if (late.size > 0) {
      await cancelDataPaths(backup, context, name => late.has(name));
    }
    if (found.operations.some(({ state }) => state === 'open')) {
      await this.noteOperations(backup, found, context);
      const isPolled = found.operations.some(
        ({ record, state }) =>
          state === 'open' && record.method === 'csi-snapshot',
      );
      return {
        requeueAfterMs: isPolled ? lookAtSnapshotsMs : lookAtTimeoutsMs,
      };
    }
    const failures = this.failedEnds.get(uid);
    const rest = (failures?.notBefore ?? 0) - clock.monotonic();
    if (rest > 0) {
      return { requeueAfterMs: rest };
    }
    this.track(backup, context, abort =>
      this.finalise(backup, found, context, abort),
    );
    return { requeueAfterMs: lookAgainMs };
  }

  /** Brings what became of single volumes into the status. */
  private async noteOperations(
    backup: Backup,
    { operations, state }: WaitingBackup,
    context: ControllerContext,
  ): Promise<void> {
    const status: BackupStatus = {
      ...operationStatus(operations),
      phase:
        state.findings.errors > 0 ||
        operations.some(each => each.state === 'failed')
          ? 'WaitingForPluginOperationsPartiallyFailed'
          : 'WaitingForPluginOperations',
    };
    if (!equalJson(withStatus(backup, status), backup)) {
      await this.change(context, backup, current =>
        current.status?.phase?.startsWith('WaitingForPluginOperations')
          ? withStatus(current, status)
          : undefined,
      ).catch(ignoreGone);
    }
  }

  private async cancelWaiting(
    backup: Backup,
    { store }: WaitingBackup,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const { uid = '' } = backup.metadata;
    const now = context.clock.monotonic();
    const since = this.cancelledSince.get(uid) ?? now;
    this.cancelledSince.set(uid, since);
    const open = await cancelDataPaths(backup, context);
    if (open > 0 && now - since < cancelGraceMs) {
      return { requeueAfterMs: lookAtSnapshotsMs };
    }
    await this.giveUp(backup, store, context, canceledBy(backup));
    return undefined;
  }

  /** Ends a backup that is past its run as Failed, with nothing left of it. */
  private async giveUp(
    backup: Backup,
    store: BackupStore,
    context: ControllerContext,
    reason: string,
  ): Promise<void> {
    const removed = await this.removeFiles(store, backup);
    const cleaned = (await this.stopData(backup, context)) && removed;
    await this.fail(backup, context, reason, !cleaned);
    this.forget(backup);
  }

  private forget(backup: Backup): void {
    this.waiting.forget(backup);
    this.cancelledSince.delete(backup.metadata.uid ?? '');
    this.failedEnds.delete(backup.metadata.uid ?? '');
  }

  private async finalise(
    backup: Backup,
    found: WaitingBackup,
    context: ControllerContext,
    abort: AbortController,
  ): Promise<void> {
    const signal = AbortSignal.any([context.signal, abort.signal]);
    const { operations, state, store } = found;
    const isPartial =
      state.findings.errors > 0 ||
      operations.some(each => each.state === 'failed');
    const spool = await SpoolFolder.create();
    try {
      const finalizing = await this.change(context, backup, current =>
        withStatus(expectPhase(asItRan(current, backup), afterRunPhases), {
          ...operationStatus(operations),
          phase: isPartial ? 'FinalizingPartiallyFailed' : 'Finalizing',
        }),
      );
      const { status = {} } = await endWaitingBackup(finalizing, found, {
        context,
        spool,
        signal,
      });
      await persistently(context, () =>
        this.change(context, backup, current =>
          asItRan(withStatus(current, status), finalizing),
        ).catch(ignoreGone),
      );
      await removeWaitingState(store, backup.metadata.name ?? '', {
        signal: context.signal,
      });
      this.forget(backup);
    } catch (error) {
      context.signal.throwIfAborted();
      await this.noteFailedEnd(backup, found, { abort, error }, context);
    } finally {
      await spool.remove();
    }
  }

  /** Storage or API may be away for a while: the end is tried again some times before the backup is given up. */
  private async noteFailedEnd(
    backup: Backup,
    { store }: WaitingBackup,
    { abort, error }: { abort: AbortController; error: unknown },
    context: ControllerContext,
  ): Promise<void> {
    const { name, uid = '' } = backup.metadata;
    if (abort.signal.aborted) {
      const reason = textOf(abort.signal.reason);
      await persistently(context, () =>
        this.giveUp(backup, store, context, reason),
      );
      return;
    }
    const count = (this.failedEnds.get(uid)?.count ?? 0) + 1;
    context.logger.warn(
      { backup: name, error: textOf(error), attempt: count },
      'a backup could not be finished',
    );
    this.failedEnds.set(uid, {
      count,
      notBefore: context.clock.monotonic() + 1_000 * 2 ** count,
    });
    if (count >= finaliseAttempts) {
      await persistently(context, () =>
        this.giveUp(
          backup,
          store,
          context,
          `the backup could not be finished: ${textOf(error)}`,
        ),
      );
    }
  }

  /** Ends data movement and removes snapshots. @returns false when that must be tried again */
  private async stopData(
    backup: Backup,
    context: ControllerContext,
  ): Promise<boolean> {
    try {
      await stopVolumes(backup, context);
      return true;
    } catch (error) {
      context.signal.throwIfAborted();
      context.logger.warn(
        { backup: backup.metadata.name, error: textOf(error) },
        'what a failed backup made for its volumes could not be removed yet',
      );
      return false;
    }
  }

  private async cleanUp(
    backup: Backup,
    context: ControllerContext,
  ): Promise<void> {
    const location = await context.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      {
        namespace: context.namespace,
        name: backup.spec.storageLocation ?? '',
      },
      { signal: context.signal },
    );
    await stopVolumes(backup, context);
    if (location && !movedLocation(backup, location)) {
      await this.removeOwnFiles(await context.openStore(location), backup);
    }
    await this.change(context, backup, current => {
      const annotations = { ...current.metadata.annotations };
      delete annotations[cleanupAnnotation];
      return { ...current, metadata: { ...current.metadata, annotations } };
    });
  }

  private async removeFiles(
    store: BackupStore,
    backup: Backup,
  ): Promise<boolean> {
    try {
      await this.removeOwnFiles(store, backup);
      return true;
    } catch {
      // The resource says that they are still there, and they are tried again.
      return false;
    }
  }

  /** Removes what a backup that failed wrote; a backup of the same name that another cluster completed stays. */
  private async removeOwnFiles(
    store: BackupStore,
    backup: Backup,
  ): Promise<void> {
    const name = backup.metadata.name ?? '';
    const signal = AbortSignal.timeout(cleanupTimeoutMs);
    const stored = await store.getMetadata(name, { signal });
    if (!stored || stored.metadata.uid === backup.metadata.uid) {
      await store.deleteBackup(name, { signal });
    }
  }

  private async fail(
    backup: Backup,
    context: ControllerContext,
    failureReason: string,
    cleanupPending = false,
  ): Promise<void> {
    await this.change(context, backup, current => ({
      ...withStatus(current, {
        phase: 'Failed',
        failureReason,
        completionTimestamp: seconds(context.clock.now()),
        queuePosition: undefined,
      }),
      metadata: cleanupPending
        ? {
            ...current.metadata,
            annotations: {
              ...current.metadata.annotations,
              [cleanupAnnotation]: 'pending',
            },
          }
        : current.metadata,
    })).catch(ignoreGone);
  }

  private change(
    context: ControllerContext,
    backup: Backup,
    change: (current: Backup) => Backup | undefined,
  ): Promise<Backup> {
    return changeObject(context, this.type, backup, change);
  }
}

interface AdmittedBackup {
  backup: Backup;
  location: BackupStorageLocation;
  policies?: ResourcePolicies;
}

/** The Backup that owns what moves its data. */
function ownerKeys(object: KubernetesObject): ObjectKey[] {
  const { namespace = '', ownerReferences = [] } = object.metadata;
  return ownerReferences
    .filter(({ kind }) => kind === 'Backup')
    .map(({ name }) => ({ namespace, name }));
}

function isAfterRun({ status }: Backup): boolean {
  return status?.phase !== undefined && afterRunPhases.includes(status.phase);
}

function wantsRelatedItems(backup: Backup): boolean {
  const wish = backup.metadata.annotations?.[lifeboatAnnotations.relatedItems];
  if (wish === 'none') {
    return false;
  }
  return (
    wish === 'true' ||
    backup.spec.labelSelector !== undefined ||
    (backup.spec.orLabelSelectors ?? []).length > 0
  );
}

function canceledBy(backup: Backup): string {
  return `Canceled by ${cancelRequest(backup)}`;
}

function expectPhase(backup: Backup, phases: BackupPhase[]): Backup {
  const { phase } = backup.status ?? {};
  if (!phase || !phases.includes(phase)) {
    throw new Error(
      `somebody changed the phase of the running backup to ${phase}`,
    );
  }
  return backup;
}

function withStatus(backup: Backup, status: BackupStatus): Backup {
  return { ...backup, status: { ...backup.status, ...status } };
}

/** A Backup as it is now, with the spec and scope of its run: they say what is in storage, whatever was written into it since. */
function asItRan(current: Backup, ran: Backup): Backup {
  const annotations = { ...current.metadata.annotations };
  delete annotations[lifeboatAnnotations.scope];
  const scope = ran.metadata.annotations?.[lifeboatAnnotations.scope];
  return {
    ...current,
    spec: ran.spec,
    metadata: {
      ...current.metadata,
      annotations: {
        ...annotations,
        ...(scope !== undefined && { [lifeboatAnnotations.scope]: scope }),
      },
    },
  };
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
