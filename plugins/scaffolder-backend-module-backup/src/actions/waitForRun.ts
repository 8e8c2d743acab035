import { setTimeout as sleep } from 'node:timers/promises';
import type { RunState } from '@lifeboat/backstage-plugin-backup-common';

/** A run as far as waiting is concerned. */
interface Run {
  state: RunState;
  progress?: { itemsDone: number; itemsTotal: number };
}

/** How to wait for a run. */
export interface WaitOptions<T extends Run> {
  /** What is waited for, for messages. */
  what: string;
  read(): Promise<T>;
  timeoutMs: number;
  intervalMs: number;
  signal?: AbortSignal;
  log(message: string): void;
}

const ended: readonly RunState[] = [
  'done',
  'needs-attention',
  'failed',
  'cancelled',
  'deleting',
];

/**
 * Waits until a run has ended, and tells its progress meanwhile.
 *
 * @throws Error when the time is over or the task is cancelled; the run itself goes on
 */
export async function waitForRun<T extends Run>(
  options: WaitOptions<T>,
): Promise<T> {
  const { what, read, timeoutMs, intervalMs, signal, log } = options;
  const deadline = performance.now() + timeoutMs;
  let told = '';
  for (;;) {
    signal?.throwIfAborted();
    const run = await read();
    if (ended.includes(run.state)) {
      return run;
    }
    const { progress } = run;
    const text = progress
      ? `${what}: ${progress.itemsDone} of ${progress.itemsTotal} objects`
      : `${what}: ${run.state}`;
    if (text !== told) {
      log(text);
      told = text;
    }
    if (performance.now() + intervalMs > deadline) {
      throw new Error(
        `${what} has not ended within ${Math.round(
          timeoutMs / 1000,
        )} seconds; it goes on without this task`,
      );
    }
    await sleep(intervalMs, undefined, { signal });
  }
}
