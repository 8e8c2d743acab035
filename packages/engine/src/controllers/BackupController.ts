import type { Backup } from '@lifeboat/velero-api';
import { cancelRequest } from '../backup/cancellation';
import { removeAbandonedSpools } from '../backup/SpoolFolder';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import type { EngineConfig } from '../config/EngineConfig';
import { execInPodOf } from '../volumes/hooks/execInPod';
import { canceledBy, isAfterRun, textOf } from './backup/backupChanges';
import { BackupRuns } from './backup/BackupRuns';
import { cleanUpFailed, failBackup, needsCleanup } from './backup/failBackup';
import { recoverBackup } from './backup/recoverBackup';
import { isRunRecord, recordedBackup } from './backup/runRecord';
import { mayBeFrozen, wakeApplications } from './backup/wakeApplications';
import { WaitingBackups } from './backup/WaitingBackups';
import { isWaiting } from './BackupQueue';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
  Trigger,
} from './Controller';

const lookAgainMs = 500;
const wakeAgainMs = 10_000;
const lookAtQueueMs = 60_000;

/**
 * Carries out Backups: queue, preparation, validation, the run, its end; and brings what an earlier process left half done to
 * a truthful phase. The steps are in `backup/`.
 *
 * Source: Velero `backup_queue_controller.go`, `backup_controller.go`, `backup_finalizer_controller.go`.
 */
export class BackupController implements Controller {
  readonly name = 'backup';
  readonly type = veleroTypes.backups;
  readonly triggers: readonly Trigger[] = [
    { type: veleroTypes.dataUploads, keys: ownerKeys },
    { type: veleroTypes.podVolumeBackups, keys: ownerKeys },
    // Another Backup of the same name waits for the end of the record.
    { type: coreTypes.configMaps, keys: recordKeys },
  ];
  private readonly waiting: WaitingBackups;
  /** Backups whose data is being moved, by name: what is remembered of them goes with them. */
  private readonly moving = new Map<string, Backup>();

  constructor(private readonly runs: BackupRuns) {
    this.waiting = new WaitingBackups(runs);
  }

  concurrency(config: EngineConfig): number {
    return Math.max(config.concurrency.backups, 1);
  }

  ended(): Promise<void> {
    return this.runs.ended();
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
        await recoverBackup(backup, context).catch(error =>
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
    // Asked before the Backup is read: what is read of a run that ends meanwhile looks as if nobody worked on it.
    const wasRunning = this.runs.has(key.name);
    const backup = await context.client.get<Backup>(this.type, key, {
      signal: context.signal,
    });
    const before = this.moving.get(key.name);
    if (before && before.metadata.uid !== backup?.metadata.uid) {
      this.waiting.forget(before);
      this.moving.delete(key.name);
    }
    if (backup && isAfterRun(backup)) {
      this.moving.set(key.name, backup);
    }
    if (wasRunning || this.runs.has(key.name)) {
      this.runs.endIfAsked(key.name, backup);
      // Its last change may come before it counts as ended: what is left to do then must not wait for another change.
      return { requeueAfterMs: lookAgainMs };
    }
    if (!backup || backup.metadata.deletionTimestamp) {
      await this.runs.startNext(context);
      return undefined;
    }
    if (mayBeFrozen(backup) && !(await this.wake(backup, context))) {
      return { requeueAfterMs: wakeAgainMs };
    }
    if (isAfterRun(backup)) {
      return this.waiting.look(backup, context);
    }
    if (backup.status?.phase === 'InProgress') {
      await recoverBackup(backup, context);
    } else if (needsCleanup(backup)) {
      await cleanUpFailed(backup, context);
    } else if (isWaiting(backup)) {
      if (cancelRequest(backup)) {
        await failBackup(backup, context, canceledBy(backup));
      }
      await this.runs.startNext(context);
      return { requeueAfterMs: lookAtQueueMs };
    }
    return undefined;
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
}

/** The Backup that a run record is about. */
function recordKeys(object: KubernetesObject): ObjectKey[] {
  const backup = isRunRecord(object) && recordedBackup(object);
  return backup
    ? [
        {
          namespace: backup.metadata.namespace ?? '',
          name: backup.metadata.name ?? '',
        },
      ]
    : [];
}

/** The Backup that owns what moves its data. */
function ownerKeys(object: KubernetesObject): ObjectKey[] {
  const { namespace = '', ownerReferences = [] } = object.metadata;
  return ownerReferences
    .filter(({ kind }) => kind === 'Backup')
    .map(({ name }) => ({ namespace, name }));
}
