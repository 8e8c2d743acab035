/** Time and chance, so that tests can choose them. */
export interface Clock {
  now(): Date;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** Resolves after the time, rejects when the signal ends. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}
