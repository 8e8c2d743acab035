import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './Clock';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  random: Math.random,
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};
