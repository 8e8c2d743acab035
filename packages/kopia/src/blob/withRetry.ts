import { setTimeout as sleep } from 'node:timers/promises';
import { isKopiaError } from '../errors';
import { BlobCallOptions, BlobStorage } from './BlobStorage';

/** How often and how fast to try again. @public */
export interface RetryOptions {
  /** Tries in all; default 8. */
  readonly attempts?: number;
  /** First pause, doubled each time up to `maxDelayMs`; default 200. */
  readonly initialDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Waits; a parameter so that tests need not. */
  readonly wait?: (
    ms: number,
    signal: AbortSignal | undefined,
  ) => Promise<void>;
  /** 0..1, spreads the pauses of many clients. */
  readonly random?: () => number;
}

/**
 * A storage that repeats calls that failed for a passing reason. A listing that fails half way starts again and skips
 * what it gave already.
 *
 * @public
 */
export function withRetry(
  storage: BlobStorage,
  options: RetryOptions = {},
): BlobStorage {
  const attempts = options.attempts ?? 8;
  const first = options.initialDelayMs ?? 200;
  const longest = options.maxDelayMs ?? 10_000;
  const random = options.random ?? Math.random;
  const wait =
    options.wait ?? ((ms, signal) => sleep(ms, undefined, { signal }));

  const pause = (attempt: number, signal?: AbortSignal) =>
    wait(
      Math.min(longest, first * 2 ** attempt) * (0.5 + random() / 2),
      signal,
    );
  const mayRepeat = (error: unknown, attempt: number) =>
    isKopiaError(error) && error.retryable && attempt + 1 < attempts;

  async function repeat<T>(
    call: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!mayRepeat(error, attempt)) throw error;
        await pause(attempt, signal);
      }
    }
  }

  async function* list(prefix: string, call?: BlobCallOptions) {
    const given = new Set<string>();
    for (let attempt = 0; ; attempt++) {
      try {
        for await (const blob of storage.list(prefix, call)) {
          if (attempt > 0 && given.has(blob.id)) continue;
          given.add(blob.id);
          yield blob;
        }
        return;
      } catch (error) {
        if (!mayRepeat(error, attempt)) throw error;
        await pause(attempt, call?.signal);
      }
    }
  }

  return {
    description: storage.description,
    get: (id, range, call) =>
      repeat(() => storage.get(id, range, call), call?.signal),
    put: (id, data, call) =>
      repeat(() => storage.put(id, data, call), call?.signal),
    delete: (id, call) => repeat(() => storage.delete(id, call), call?.signal),
    stat: (id, call) => repeat(() => storage.stat(id, call), call?.signal),
    list,
    extendRetention:
      storage.extendRetention &&
      ((id, retention, call) =>
        repeat(
          () => storage.extendRetention!(id, retention, call),
          call?.signal,
        )),
    close: () => storage.close(),
  };
}
