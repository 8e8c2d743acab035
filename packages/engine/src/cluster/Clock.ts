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

/** The machine's clocks. @public */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, { signal });
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
};
