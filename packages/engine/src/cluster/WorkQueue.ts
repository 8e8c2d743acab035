import { backoffMs, type BackoffBounds } from './backoff';
import type { Clock } from './Clock';

/** @public */
export interface WorkQueueOptions {
  clock: Clock;
  /** Keys worked on at the same time. */
  concurrency: number;
  /** A thrown error is told here, then the key comes again. */
  onError?(key: string, error: unknown, retryInMs: number): void;
  backoff?: BackoffBounds;
  random?: () => number;
}

/**
 * Keys to work on: each at most once at a time; a key added while it is worked
 * on comes again afterwards; failures come back with a per-key exponential
 * back-off (client-go: rate limited work queue).
 * @public
 */
export class WorkQueue {
  private readonly options: WorkQueueOptions;
  private readonly waiting = new Set<string>();
  private readonly running = new Set<string>();
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly delayed = new Map<
    string,
    { timer: NodeJS.Timeout; due: number }
  >();
  private wake: () => void = () => undefined;

  constructor(options: WorkQueueOptions) {
    this.options = options;
  }

  add(key: string): void {
    if (this.running.has(key)) this.again.add(key);
    else this.waiting.add(key);
    this.wake();
  }

  /** Adds the key later; an earlier time that was asked for before is kept. */
  addAfter(key: string, milliseconds: number): void {
    const due = this.options.clock.monotonic() + milliseconds;
    const before = this.delayed.get(key);
    if (before && before.due <= due) return;
    if (before) clearTimeout(before.timer);
    const timer = setTimeout(() => {
      this.delayed.delete(key);
      this.add(key);
    }, Math.min(milliseconds, 2 ** 31 - 1));
    this.delayed.set(key, { timer, due });
  }

  /**
   * Works until the signal is aborted, and resolves when no handler runs any
   * more. A handler may return after how many milliseconds its key shall come
   * again.
   */
  async run(
    signal: AbortSignal,
    handle: (key: string) => Promise<number | undefined>,
  ): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    const onAbort = () => this.wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const next = this.take();
        if (next === undefined) {
          await new Promise<void>(resolve => {
            this.wake = resolve;
            if (signal.aborted) resolve();
          });
          continue;
        }
        const work: Promise<void> = this.work(next, signal, handle).finally(
          () => {
            inFlight.delete(work);
            this.wake();
          },
        );
        inFlight.add(work);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      await Promise.allSettled(inFlight);
      for (const { timer } of this.delayed.values()) clearTimeout(timer);
      this.delayed.clear();
      this.waiting.clear();
      this.again.clear();
    }
  }

  private take(): string | undefined {
    if (this.running.size >= this.options.concurrency) return undefined;
    for (const key of this.waiting) {
      this.waiting.delete(key);
      this.running.add(key);
      return key;
    }
    return undefined;
  }

  private async work(
    key: string,
    signal: AbortSignal,
    handle: (key: string) => Promise<number | undefined>,
  ): Promise<void> {
    const { onError, random } = this.options;
    const bounds = this.options.backoff ?? { firstMs: 500, maxMs: 60_000 };
    try {
      const requeueAfterMs = await handle(key);
      this.failures.delete(key);
      if (requeueAfterMs !== undefined && !signal.aborted) {
        this.addAfter(key, requeueAfterMs);
      }
    } catch (error) {
      if (!signal.aborted) {
        const failures = (this.failures.get(key) ?? 0) + 1;
        this.failures.set(key, failures);
        const retryInMs = backoffMs(failures, bounds, random);
        onError?.(key, error, retryInMs);
        this.addAfter(key, retryInMs);
      }
    } finally {
      this.running.delete(key);
      if (this.again.delete(key)) this.waiting.add(key);
    }
  }
}
