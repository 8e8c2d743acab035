import type {
  RestoreRun,
  RunState,
} from '@lifeboat/backstage-plugin-backup-common';

const active: readonly RunState[] = ['waiting', 'running', 'deleting'];

/** Whether a run will change without anybody doing something. */
export function isActive(run: { state: RunState }): boolean {
  return active.includes(run.state);
}

/** Whether the volumes from before a restore are on their way back. */
export function isBeingUndone({ undo }: Pick<RestoreRun, 'undo'>): boolean {
  return undo?.state === 'requested' || undo?.state === 'running';
}

/** Milliseconds between two reads of a list: short while something runs. */
export function listInterval(
  runs: readonly ({ state: RunState } & Pick<RestoreRun, 'undo'>)[] | undefined,
): number {
  return runs?.some(run => isActive(run) || isBeingUndone(run))
    ? 1_500
    : 15_000;
}
