import {
  Backup,
  BackupStatus,
  BackupStorageLocation,
  DataUpload,
  PodVolumeBackup,
  writeVolumeCounts,
} from '@lifeboat/velero-api';
import { cancelRequest } from '../../backup/cancellation';
import { SpoolFolder } from '../../backup/SpoolFolder';
import {
  finalVolumeInfos,
  operationStatus,
} from '../../backup/volumes/finaliseBackup';
import {
  lookAtOperations,
  VolumeOperation,
} from '../../backup/volumes/operations';
import { cancelDataPaths } from '../../backup/volumes/stopVolumes';
import {
  getWaitingState,
  removeWaitingState,
  WaitingState,
} from '../../backup/volumes/WaitingState';
import { countVolumes } from '../../backup/volumeInfo';
import { equalJson } from '../../cluster/json';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ControllerContext, Requeue } from '../Controller';
import { persistently } from '../persistently';
import { movedLocation } from '../storageLocations';
import {
  afterRunPhases,
  asItRan,
  canceledBy,
  changeBackup,
  expectPhase,
  ignoreGone,
  textOf,
  withStatus,
} from './backupChanges';
import type { BackupRuns } from './BackupRuns';
import { endWaitingBackup } from './endWaitingBackup';
import { failBackup, removeFiles, stopData } from './failBackup';
import { recoverBackup } from './recoverBackup';

/** How often VolumeSnapshots and cancelled movers are looked at. */
const lookSoonMs = 1_000;

/** How often time-outs of data that is being moved are looked at; its changes are told at once. */
const lookAtTimeoutsMs = 10_000;

/** How long a cancelled backup waits for its data movers to end. */
const cancelGraceMs = 90_000;

/** Storage or API may be away for a while. */
const finaliseAttempts = 5;

/** A backup whose data is being moved. */
interface WaitingBackup {
  backup: Backup;
  location: BackupStorageLocation;
  state: WaitingState;
  operations: VolumeOperation[];
}

/**
 * Backups whose run is over: waits for the data of their volumes and writes their end. Everything comes from the resources and
 * the state in storage, so that it makes no difference whether this process ran them.
 *
 * Source: Velero `backup_operations_controller.go`, `backup_finalizer_controller.go`.
 */
export class WaitingBackups {
  /** Read once: each change of a mover's progress asks for it. */
  private readonly states = new Map<string, WaitingState>();
  private readonly cancelledSince = new Map<string, number>();
  private readonly failedEnds = new Map<
    string,
    { count: number; notBefore: number }
  >();

  constructor(private readonly runs: BackupRuns) {}

  /** Looks at one of them, and takes its next step. */
  async look(
    backup: Backup,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const found = await this.read(backup, context);
    if (!found) {
      await recoverBackup(backup, context);
      return undefined;
    }
    if (cancelRequest(backup)) {
      return this.cancel(found, context);
    }
    await this.endLate(found, context);
    if (found.operations.some(({ state }) => state === 'open')) {
      await this.noteOperations(found, context);
      const isPolled = found.operations.some(
        ({ record, state }) =>
          state === 'open' && record.method === 'csi-snapshot',
      );
      return { requeueAfterMs: isPolled ? lookSoonMs : lookAtTimeoutsMs };
    }
    const { notBefore = 0 } =
      this.failedEnds.get(backup.metadata.uid ?? '') ?? {};
    const rest = notBefore - context.clock.monotonic();
    if (rest > 0) {
      return { requeueAfterMs: rest };
    }
    this.runs.track(backup, context, abort =>
      this.finalise(found, context, abort),
    );
    return { requeueAfterMs: lookSoonMs };
  }

  private locationOf(
    backup: Backup,
    { client, namespace, signal }: ControllerContext,
  ): Promise<BackupStorageLocation | undefined> {
    return client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: backup.spec.storageLocation ?? '' },
      { signal },
    );
  }

  /** Undefined when nothing is known that could be gone on from. */
  private async read(
    backup: Backup,
    context: ControllerContext,
  ): Promise<WaitingBackup | undefined> {
    const { client, namespace, signal, clock } = context;
    const { name = '', uid = '' } = backup.metadata;
    const location = await this.locationOf(backup, context);
    if (!location || movedLocation(backup, location)) {
      return undefined;
    }
    let state = this.states.get(uid);
    if (!state) {
      const store = await context.openStore(location);
      state = await getWaitingState(store, { name, uid }, { signal });
      if (!state) {
        return undefined;
      }
      this.states.set(uid, state);
    }
    const operations = await lookAtOperations(backup, state.volumes.records, {
      client,
      namespace,
      uploads: context.cacheOf<DataUpload>(veleroTypes.dataUploads),
      copies: context.cacheOf<PodVolumeBackup>(veleroTypes.podVolumeBackups),
      signal,
      now: clock.now(),
    });
    return { backup, location, state, operations };
  }

  /** Cancels what takes longer than its Backup allows. */
  private async endLate(
    { backup, operations }: WaitingBackup,
    context: ControllerContext,
  ): Promise<void> {
    const late = new Set(
      operations
        .filter(({ isLate, state }) => isLate && state === 'open')
        .map(({ record }) => record.dataUpload ?? record.podVolumeBackup ?? ''),
    );
    if (late.size > 0) {
      await cancelDataPaths(backup, context, name => late.has(name));
    }
  }

  /** Brings what became of single volumes into the status. */
  private async noteOperations(
    { backup, operations, state }: WaitingBackup,
    context: ControllerContext,
  ): Promise<void> {
    const status: BackupStatus = {
      ...operationStatus(operations),
      phase: hasFailures({ operations, state })
        ? 'WaitingForPluginOperationsPartiallyFailed'
        : 'WaitingForPluginOperations',
    };
    if (!equalJson(withStatus(backup, status), backup)) {
      await changeBackup(context, backup, current =>
        current.status?.phase?.startsWith('WaitingForPluginOperations')
          ? withStatus(current, status)
          : undefined,
      ).catch(ignoreGone);
    }
  }

  private async cancel(
    found: WaitingBackup,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const { backup } = found;
    const { uid = '' } = backup.metadata;
    const now = context.clock.monotonic();
    const since = this.cancelledSince.get(uid) ?? now;
    this.cancelledSince.set(uid, since);
    const open = await cancelDataPaths(backup, context);
    if (open > 0 && now - since < cancelGraceMs) {
      return { requeueAfterMs: lookSoonMs };
    }
    await this.giveUp(found, context, canceledBy(backup));
    return undefined;
  }

  /** Ends a backup that is past its run as Failed, with nothing left of it. */
  private async giveUp(
    found: WaitingBackup,
    context: ControllerContext,
    reason: string,
  ): Promise<void> {
    const cleaned = await this.removeAll(found, context);
    await failBackup(found.backup, context, reason, !cleaned);
    this.forget(found.backup);
  }

  /** @returns false when some of it must be removed later */
  private async removeAll(
    { backup, location }: Pick<WaitingBackup, 'backup' | 'location'>,
    context: ControllerContext,
  ): Promise<boolean> {
    const removed = await context
      .openStore(location)
      .then(store => removeFiles(store, backup))
      .catch(() => false);
    return (await stopData(backup, context)) && removed;
  }

  /** Forgets one that has ended or is gone. */
  forget({ metadata: { uid = '' } }: Backup): void {
    this.states.delete(uid);
    this.cancelledSince.delete(uid);
    this.failedEnds.delete(uid);
  }

  private async finalise(
    found: WaitingBackup,
    context: ControllerContext,
    abort: AbortController,
  ): Promise<void> {
    const { backup, operations, state, location } = found;
    const spool = await SpoolFolder.create();
    try {
      const store = await context.openStore(location);
      const counts = countVolumes(finalVolumeInfos(state, operations));
      const finalizing = await changeBackup(context, backup, current => {
        const kept = expectPhase(asItRan(current, backup), afterRunPhases);
        return {
          ...withStatus(kept, {
            ...operationStatus(operations),
            phase: hasFailures(found)
              ? 'FinalizingPartiallyFailed'
              : 'Finalizing',
          }),
          metadata: {
            ...kept.metadata,
            annotations: {
              ...kept.metadata.annotations,
              ...writeVolumeCounts(counts),
            },
          },
        };
      });
      const { status = {} } = await endWaitingBackup(finalizing, {
        state,
        operations,
        store,
        context,
        spool,
        signal: AbortSignal.any([context.signal, abort.signal]),
      });
      await removeWaitingState(store, backup.metadata.name ?? '', {
        signal: context.signal,
      });
      await persistently(context, () =>
        changeBackup(context, backup, current =>
          asItRan(withStatus(current, status), finalizing),
        ).catch(ignoreGone),
      );
      this.forget(backup);
    } catch (error) {
      context.signal.throwIfAborted();
      await this.noteFailedEnd(found, { abort, error }, context);
    } finally {
      await spool.remove();
    }
  }

  /** The end is tried again some times before the backup is given up. */
  private async noteFailedEnd(
    found: WaitingBackup,
    { abort, error }: { abort: AbortController; error: unknown },
    context: ControllerContext,
  ): Promise<void> {
    const { name, uid = '' } = found.backup.metadata;
    if (abort.signal.aborted) {
      const reason = textOf(abort.signal.reason);
      await persistently(context, () => this.giveUp(found, context, reason));
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
          found,
          context,
          `the backup could not be finished: ${textOf(error)}`,
        ),
      );
    }
  }
}

function hasFailures({
  state,
  operations,
}: Pick<WaitingBackup, 'state' | 'operations'>): boolean {
  return (
    state.findings.errors > 0 ||
    operations.some(each => each.state === 'failed')
  );
}
