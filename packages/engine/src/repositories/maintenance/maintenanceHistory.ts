import { readMoverResult } from '@lifeboat/data-mover';
import type { BackupRepositoryMaintenance } from '@lifeboat/velero-api';
import { jobEnd, type Job } from './Job';

const keptEntries = 25;
const longestMessage = 1024;

/** A finished maintenance Job as an entry of the history; undefined while it runs. */
export function historyEntry(
  job: Job,
  /** The termination message of its pod. */
  terminationMessage: string | undefined,
): BackupRepositoryMaintenance | undefined {
  const end = jobEnd(job);
  if (!end) return undefined;
  const result = readMoverResult(terminationMessage);
  const succeeded = end.succeeded && result?.outcome !== 'failed';
  const message = succeeded
    ? ''
    : result?.message ?? terminationMessage?.trim() ?? '';
  return {
    result: succeeded ? 'Succeeded' : 'Failed',
    startTimestamp: job.metadata.creationTimestamp ?? end.at,
    completeTimestamp: end.at,
    ...(succeeded
      ? {}
      : {
          message: (message || end.message || 'The Job failed').slice(
            0,
            longestMessage,
          ),
        }),
  };
}

/**
 * A Job that never began as an entry of the history.
 *
 * @param now - milliseconds since 1970
 */
export function stuckEntry(
  job: Job,
  message: string,
  now: number,
): BackupRepositoryMaintenance {
  const at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    result: 'Failed',
    startTimestamp: job.metadata.creationTimestamp ?? at,
    completeTimestamp: at,
    message: message.slice(0, longestMessage),
  };
}

/**
 * The history with what Jobs tell in addition: oldest first, each run once, the last 25 (Velero: recent maintenance).
 */
export function mergedHistory(
  recorded: readonly BackupRepositoryMaintenance[],
  found: readonly BackupRepositoryMaintenance[],
): BackupRepositoryMaintenance[] {
  const byStart = new Map<number, BackupRepositoryMaintenance>();
  for (const entry of [...recorded, ...found]) {
    byStart.set(Date.parse(entry.startTimestamp ?? '') || 0, entry);
  }
  return [...byStart]
    .sort(([a], [b]) => a - b)
    .map(([, entry]) => entry)
    .slice(-keptEntries);
}

/** When the last successful run ended: the later of what is recorded and what the history says. */
export function lastMaintenance(
  recorded: string | undefined,
  history: readonly BackupRepositoryMaintenance[],
): string | undefined {
  return [
    ...(recorded ? [recorded] : []),
    ...history.flatMap(({ result, completeTimestamp }) =>
      result === 'Succeeded' && completeTimestamp ? [completeTimestamp] : [],
    ),
  ].sort((a, b) => Date.parse(b) - Date.parse(a))[0];
}
