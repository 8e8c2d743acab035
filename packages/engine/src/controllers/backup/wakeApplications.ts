import type { Backup } from '@lifeboat/velero-api';
import { isNotFound } from '../../cluster/ApiError';
import { veleroTypes } from '../../cluster/knownTypes';
import { LeaseLostError } from '../../cluster/LeaseLostError';
import type { ExecInPod } from '../../volumes/hooks/execInPod';
import {
  freezeSecondsAnnotation,
  frozenAnnotation,
  FrozenPod,
  readFrozen,
  wakePods,
  writeFrozen,
} from '../../volumes/hooks/frozen';
import type { ControllerContext } from '../Controller';
import { recordFrozen } from './runRecord';

// An engine that ends on purpose may still wake what it froze, but not hold up its end.
const lastCommandsMs = 10_000;

/** Whether an engine may have left applications frozen for this backup. */
export function mayBeFrozen(backup: Backup): boolean {
  return backup.metadata.annotations?.[frozenAnnotation] !== undefined;
}

/**
 * Runs the post hooks that a backup's run did not get to.
 *
 * @returns false when some pods could not be reached and must be tried again
 */
export async function wakeApplications(
  backup: Backup,
  exec: ExecInPod,
  context: ControllerContext,
): Promise<boolean> {
  const { client, signal, logger } = context;
  const thaws = await wakePods(readFrozen(backup), { client, exec, signal });
  for (const { pod, result, message } of thaws) {
    logger.warn(
      {
        backup: backup.metadata.name,
        namespace: pod.namespace,
        pod: pod.pod,
        result,
        message,
      },
      'post hooks were run for a backup that was interrupted between its hooks',
    );
  }
  if (thaws.some(({ result }) => result === 'unknown')) {
    return false;
  }
  await noteFrozen(backup, [], undefined, context, signal);
  return true;
}

/**
 * Writes on a Backup and its record which pods may be frozen, or that all are awake. What is in the record counts once the Backup is
 * deleted: it must not name pods that never were frozen, nor any that are awake.
 */
export async function noteFrozen(
  backup: Backup,
  pods: FrozenPod[],
  freezeSeconds: number | undefined,
  context: Pick<ControllerContext, 'client' | 'namespace'>,
  signal: AbortSignal,
): Promise<void> {
  const { client } = context;
  const { namespace, name = '', uid = '' } = backup.metadata;
  const annotations = {
    ...(pods.length > 0 ? writeFrozen(pods) : { [frozenAnnotation]: null }),
    ...(freezeSeconds !== undefined && {
      [freezeSecondsAnnotation]: String(freezeSeconds),
    }),
  };
  if (pods.length === 0) {
    await recordFrozen(uid, pods, context, signal);
  }
  try {
    await client.patch(
      veleroTypes.backups,
      { namespace, name },
      { contentType: 'merge', body: { metadata: { annotations } } },
      { signal },
    );
  } catch (error) {
    // A Backup that was deleted meanwhile has nothing to say any more.
    if (pods.length > 0 || !isNotFound(error)) {
      throw error;
    }
  }
  if (pods.length > 0) {
    await recordFrozen(uid, pods, context, signal);
  }
}

/** For commands that wake applications: they are run although the backup was cancelled, and while the engine ends. */
export function wakeSignal({ signal }: ControllerContext): AbortSignal {
  return signal.aborted && !(signal.reason instanceof LeaseLostError)
    ? AbortSignal.timeout(lastCommandsMs)
    : signal;
}
