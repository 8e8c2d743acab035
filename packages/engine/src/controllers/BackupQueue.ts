import { Backup, isWildcard } from '@lifeboat/velero-api';

/** What of a Backup decides about its turn. */
export type QueuedBackup = Pick<Backup, 'metadata' | 'spec' | 'status'>;

const waitingPhases = [undefined, '', 'New', 'Queued', 'ReadyToStart'];

/** Whether a Backup waits for its turn. */
export function isWaiting(backup: QueuedBackup): boolean {
  return waitingPhases.includes(backup.status?.phase);
}

function takesAll(spec: Backup['spec']): boolean {
  const included = spec.includedNamespaces ?? [];
  return included.length === 0 || included.some(isWildcard);
}

/** Whether two Backups may take the same namespace. Patterns count as all namespaces. */
export function overlap(left: QueuedBackup, right: QueuedBackup): boolean {
  if (takesAll(left.spec) || takesAll(right.spec)) {
    return true;
  }
  const names = new Set(left.spec.includedNamespaces);
  return (right.spec.includedNamespaces ?? []).some(name => names.has(name));
}

function rank(backup: QueuedBackup): number {
  if (backup.status?.phase === 'ReadyToStart') {
    return 0;
  }
  return backup.status?.phase === 'Queued'
    ? backup.status.queuePosition ?? 1
    : Infinity;
}

/** Waiting Backups in the order of their turns: by position, then by age. */
export function inOrder<T extends QueuedBackup>(waiting: T[]): T[] {
  const age = (backup: T) => backup.metadata.creationTimestamp ?? '';
  return [...waiting].sort(
    (left, right) =>
      // Infinity - Infinity is not a number, hence the comparison first.
      (rank(left) === rank(right) ? 0 : rank(left) - rank(right)) ||
      age(left).localeCompare(age(right)) ||
      (left.metadata.name ?? '').localeCompare(right.metadata.name ?? ''),
  );
}

/**
 * Which waiting Backups start now and which keep waiting, with their positions from 1.
 *
 * A Backup starts when fewer than `limit` are running and neither a running one nor one that waits before it takes the same
 * namespace. Source: Velero `backup_queue_controller.go`.
 */
export function planQueue<T extends QueuedBackup>(
  waiting: T[],
  running: QueuedBackup[],
  limit: number,
): { start: T[]; wait: { backup: T; position: number }[] } {
  const start: T[] = [];
  const wait: { backup: T; position: number }[] = [];
  for (const backup of inOrder(waiting)) {
    const before = [...running, ...start, ...wait.map(entry => entry.backup)];
    const free = running.length + start.length < limit;
    if (free && !before.some(other => overlap(other, backup))) {
      start.push(backup);
    } else {
      wait.push({ backup, position: wait.length + 1 });
    }
  }
  return { start, wait };
}
