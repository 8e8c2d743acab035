import type { Backup } from '@lifeboat/velero-api';
import { isNotFound } from '../cluster/ApiError';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import { execInPodOf } from '../volumes/hooks/execInPod';
import { wakePods } from '../volumes/hooks/frozen';
import { isAfterRun, textOf } from './backup/backupChanges';
import type { BackupRuns } from './backup/BackupRuns';
import { needsCleanup } from './backup/failBackup';
import { removeLeftovers } from './backup/removeLeftovers';
import {
  isRunRecord,
  recordedBackup,
  recordedFrozen,
  recordFrozen,
  type RunRecord,
  runRecordName,
} from './backup/runRecord';
import { mayBeFrozen } from './backup/wakeApplications';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
  Trigger,
} from './Controller';

const lookSoonMs = 1_000;
const wakeAgainMs = 10_000;

/**
 * Looks after the records of unfinished backups. A Backup can be deleted at any moment, with or without an engine: its record says
 * what it has left, which is removed, applications that it froze first of all. The record of a backup that has ended goes.
 */
export class BackupLeftoversController implements Controller {
  readonly name = 'backup-leftovers';
  readonly type = coreTypes.configMaps;
  readonly triggers: readonly Trigger[] = [
    {
      type: veleroTypes.backups,
      keys: ({ metadata }) => [
        {
          namespace: metadata.namespace ?? '',
          name: runRecordName(metadata.uid ?? ''),
        },
      ],
    },
  ];

  /** @param runs - what is being done about Backups: nothing is removed under a run that is coming to its end */
  constructor(private readonly runs: BackupRuns) {}

  async recover(context: ControllerContext): Promise<void> {
    const { client, namespace, signal } = context;
    for await (const object of client.list<KubernetesObject>(this.type, {
      namespace,
      labelSelector: 'lifeboat.dev/run=backup',
      signal,
    })) {
      const backup = isRunRecord(object) && recordedBackup(object);
      if (backup && !(await this.find(backup, context))) {
        await this.wake(object, context);
      }
    }
  }

  async reconcile(
    key: ObjectKey,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    // Most ConfigMaps are somebody else's.
    const cached = context.cacheOf(this.type).get(key);
    const isRecord = cached && isRunRecord(cached);
    const { client, signal, logger } = context;
    const record = isRecord
      ? await client.get<RunRecord>(this.type, key, { signal })
      : undefined;
    const backup = record && recordedBackup(record);
    if (!record || !backup) {
      return undefined;
    }
    if (this.runs.isRunning(backup)) {
      return { requeueAfterMs: lookSoonMs };
    }
    const found = await this.find(backup, context);
    if (found) {
      return isOpen(found) ? undefined : this.forget(record, context);
    }
    const awake = await this.wake(record, context);
    const { name, uid } = backup.metadata;
    if (!(await removeLeftovers(backup, context))) {
      return { requeueAfterMs: lookSoonMs };
    }
    if (!awake) {
      return { requeueAfterMs: wakeAgainMs };
    }
    logger.info(
      { backup: name, uid },
      'what a backup had left that was deleted before its end is removed',
    );
    return this.forget(record, context);
  }

  private async find(
    { metadata: { name = '', uid } }: Backup,
    { client, namespace, signal }: ControllerContext,
  ): Promise<Backup | undefined> {
    const found = await client.get<Backup>(
      veleroTypes.backups,
      { namespace, name },
      { signal },
    );
    return found?.metadata.uid === uid ? found : undefined;
  }

  /** @returns false when some pods could not be reached and must be tried again */
  private async wake(
    record: RunRecord,
    context: ControllerContext,
  ): Promise<boolean> {
    const frozen = recordedFrozen(record);
    if (frozen.length === 0) {
      return true;
    }
    const { client, signal, logger } = context;
    const { name, uid = '' } = recordedBackup(record)?.metadata ?? {};
    const thaws = await wakePods(frozen, {
      client,
      exec: execInPodOf(context),
      signal,
    });
    for (const { pod, result, message } of thaws) {
      logger.warn(
        {
          backup: name,
          namespace: pod.namespace,
          pod: pod.pod,
          result,
          message,
        },
        'post hooks were run for a backup that was deleted between its hooks',
      );
    }
    const left = thaws.filter(({ result }) => result === 'unknown');
    try {
      await recordFrozen(
        uid,
        left.map(({ pod }) => pod),
        context,
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ backup: name, error: textOf(error) }, 'It is tried again');
      return false;
    }
    return left.length === 0;
  }

  private async forget(
    { metadata: { namespace, name = '', uid } }: RunRecord,
    { client, signal }: ControllerContext,
  ): Promise<void> {
    try {
      await client.delete(
        this.type,
        { namespace, name },
        { preconditions: { uid }, signal },
      );
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }
}

/** Whether a Backup may still need its record. */
function isOpen(backup: Backup): boolean {
  return (
    backup.status?.phase === 'InProgress' ||
    isAfterRun(backup) ||
    needsCleanup(backup) ||
    mayBeFrozen(backup)
  );
}
