import type { RunState } from '@lifeboat/backstage-plugin-backup-common';

const active: readonly RunState[] = ['waiting', 'running', 'deleting'];

/** Whether a run will change without anybody doing something. */
export function isActive(run: { state: RunState }): boolean {
  return active.includes(run.state);
}

/** Milliseconds between two reads of a list: short while something runs. */
export function listInterval(
  runs: readonly { state: RunState }[] | undefined,
): number {
  return runs?.some(isActive) ? 1_500 : 15_000;
}
