import type { Backup } from '@lifeboat/velero-api';
import { cancelRequest, RunEndedError } from '../../backup/cancellation';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import { isWaiting, planQueue } from '../BackupQueue';
import type { ControllerContext } from '../Controller';
import {
  canceledBy,
  changeBackup,
  ignoreGone,
  textOf,
  withStatus,
} from './backupChanges';
import { runBackup } from './runBackup';
import { isRunRecord, recordedBackup } from './runRecord';

interface Run {
  backup: Backup;
  abort: AbortController;
}

/** What is being done about Backups in the background, one thing at a time for each, and whose turn is next. */
export class BackupRuns {
  private readonly running = new Map<string, Run>();
  private readonly tasks = new Set<Promise<void>>();
  private planning: Promise<void> = Promise.resolve();
  /** A plan that has not begun yet: it will see what made somebody ask for another. */
  private planned: Promise<void> | undefined;

  has(name: string): boolean {
    return this.running.has(name);
  }

  /** Whether something is being done about this very Backup, and not about another of its name. */
  isRunning({ metadata: { name = '', uid } }: Backup): boolean {
    return this.running.get(name)?.backup.metadata.uid === uid;
  }

  /** Resolves when nothing is being done any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.tasks);
  }

  /** Ends what is done about a Backup when somebody asked for it, or the Backup has gone. */
  endIfAsked(name: string, backup: Backup | undefined): void {
    const run = this.running.get(name);
    if (!run) {
      return;
    }
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
  startNext(context: ControllerContext): Promise<void> {
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
    const records = context
      .cacheOf<KubernetesObject>(coreTypes.configMaps)
      .list(isRunRecord)
      .map(recordedBackup);
    // What another Backup of that name has left in storage is removed first.
    const isInTheWay = ({ metadata }: Backup) =>
      records.some(
        found =>
          found?.metadata.name === metadata.name &&
          found?.metadata.uid !== metadata.uid,
      );
    const waiting: Backup[] = [];
    for await (const backup of context.client.list<Backup>(
      veleroTypes.backups,
      {
        namespace: context.namespace,
        signal: context.signal,
      },
    )) {
      if (
        isWaiting(backup) &&
        !backup.metadata.deletionTimestamp &&
        !this.running.has(backup.metadata.name ?? '') &&
        !isInTheWay(backup)
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
      this.track(backup, context, abort => runBackup(backup, context, abort));
    }
    for (const { backup, position } of wait) {
      if (
        backup.status?.phase !== 'Queued' ||
        backup.status.queuePosition !== position
      ) {
        await changeBackup(context, backup, current =>
          isWaiting(current)
            ? withStatus(current, { phase: 'Queued', queuePosition: position })
            : undefined,
        ).catch(ignoreGone);
      }
    }
  }

  /** Runs something about a backup in the background, one thing at a time. */
  track(
    backup: Backup,
    context: ControllerContext,
    work: (abort: AbortController) => Promise<void>,
  ): void {
    const name = backup.metadata.name ?? '';
    const abort = new AbortController();
    this.running.set(name, { backup, abort });
    const task = work(abort)
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
        this.tasks.delete(task);
        if (!context.signal.aborted) {
          this.startNext(context).catch(error =>
            context.logger.warn(
              { error: textOf(error) },
              'the next backup could not be started; it is tried again within a minute',
            ),
          );
        }
      });
    this.tasks.add(task);
  }
}
