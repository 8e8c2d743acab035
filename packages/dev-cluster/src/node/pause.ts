import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a time, or until the signal aborts. Never throws. */
export async function pause(
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
