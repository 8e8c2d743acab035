import { setTimeout as delay } from 'node:timers/promises';

/**
 * Time as a parameter, so that tests need not wait.
 * @public
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never run backwards; on Linux they stand still while the machine sleeps. */
  monotonic(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

// A longer timer fires at once (25 days, by its 32 bits).
const longestTimerMs = 2 ** 31 - 1;

/** The machine's clocks. @public */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    try {
      for (let left = milliseconds; left > 0; left -= longestTimerMs) {
        await delay(Math.min(left, longestTimerMs), undefined, { signal });
      }
      signal?.throwIfAborted();
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
};
