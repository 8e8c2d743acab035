import { Readable } from 'node:stream';
import { backoffMs } from '../cluster/backoff';
import { systemClock, type Clock } from '../cluster/Clock';
import { StorageError, type ObjectStore } from './ObjectStore';

/**
 * Tries again what failed in passing (`StorageError.retryable`), and lets a
 * read whose connection broke go on where it stopped. A put of a stream is not
 * repeated: its bytes are gone.
 * @public
 */
export function withRetry(
  store: ObjectStore,
  options: { attempts?: number; clock?: Clock } = {},
): ObjectStore {
  const attempts = options.attempts ?? 3;
  const clock = options.clock ?? systemClock;

  async function retry<T>(
    action: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await action();
      } catch (error) {
        if (signal?.aborted || failures >= attempts || !isRetryable(error)) {
          throw error;
        }
        await clock.sleep(
          backoffMs(failures, { firstMs: 500, maxMs: 10_000 }),
          signal,
        );
      }
    }
  }

  return {
    put: (key, body, putOptions) =>
      Buffer.isBuffer(body)
        ? retry(() => store.put(key, body, putOptions), putOptions?.signal)
        : store.put(key, body, putOptions),
    get: async (key, getOptions = {}) => {
      const { signal } = getOptions;
      const start = getOptions.range?.start ?? 0;
      const end = getOptions.range?.end;
      const first = await retry(() => store.get(key, getOptions), signal);
      const bytes = resuming(
        first,
        read =>
          retry(
            () =>
              store.get(key, {
                ...getOptions,
                range: {
                  start: start + read,
                  ...(end === undefined ? {} : { end }),
                },
              }),
            signal,
          ),
        attempts,
        signal,
      );
      return Readable.from(bytes, { objectMode: false });
    },
    stat: (key, statOptions) =>
      retry(() => store.stat(key, statOptions), statOptions?.signal),
    list: (prefix, listOptions) => store.list(prefix, listOptions),
    listDirectories: (prefix, listOptions) =>
      store.listDirectories(prefix, listOptions),
    delete: (keys, deleteOptions) =>
      retry(() => store.delete(keys, deleteOptions), deleteOptions?.signal),
    copy: (from, to, copyOptions) =>
      retry(() => store.copy(from, to, copyOptions), copyOptions?.signal),
    sweep: async (prefix, sweepOptions) =>
      (await store.sweep?.(prefix, sweepOptions)) ?? 0,
  };
}

async function* resuming(
  first: Readable,
  reopen: (read: number) => Promise<Readable>,
  attempts: number,
  signal: AbortSignal | undefined,
): AsyncIterable<Buffer> {
  let read = 0;
  let failures = 0;
  let source = first;
  for (;;) {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        yield chunk;
        read += chunk.length;
        failures = 0;
      }
      return;
    } catch (error) {
      failures++;
      if (signal?.aborted || failures >= attempts || !isBroken(error)) {
        throw error;
      }
      source = await reopen(read);
    }
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof StorageError && error.retryable;
}

function isBroken(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return (
    isRetryable(error) ||
    code === 'ECONNRESET' ||
    code === 'ETIMEDOUT' ||
    code === 'EPIPE' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    name === 'TimeoutError'
  );
}
