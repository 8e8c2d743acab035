import { BlobStorage, totalLength } from './BlobStorage';

/** One finished call to a storage. @public */
export interface BlobCall {
  readonly method:
    | 'get'
    | 'put'
    | 'delete'
    | 'stat'
    | 'list'
    | 'extendRetention';
  /** Blob name, or the prefix of a listing. */
  readonly id: string;
  readonly durationMs: number;
  /** Bytes moved; blobs found for a listing. */
  readonly amount: number;
  readonly error?: unknown;
}

/**
 * A storage that tells about every call: the base of logging and of metrics.
 *
 * @public
 */
export function withObserver(
  storage: BlobStorage,
  observe: (call: BlobCall) => void,
  now: () => number = () => performance.now(),
): BlobStorage {
  async function timed<T>(
    method: BlobCall['method'],
    id: string,
    call: () => Promise<T>,
    amount: (result: T) => number,
  ) {
    const started = now();
    try {
      const result = await call();
      observe({
        method,
        id,
        durationMs: now() - started,
        amount: amount(result),
      });
      return result;
    } catch (error) {
      observe({ method, id, durationMs: now() - started, amount: 0, error });
      throw error;
    }
  }
  return {
    description: storage.description,
    get: (id, range, call) =>
      timed(
        'get',
        id,
        () => storage.get(id, range, call),
        data => data.length,
      ),
    put: (id, data, call) =>
      timed(
        'put',
        id,
        () => storage.put(id, data, call),
        () => totalLength(data),
      ),
    delete: (id, call) =>
      timed(
        'delete',
        id,
        () => storage.delete(id, call),
        () => 0,
      ),
    stat: (id, call) =>
      timed(
        'stat',
        id,
        () => storage.stat(id, call),
        () => 0,
      ),
    async *list(prefix, call) {
      const started = now();
      let found = 0;
      try {
        for await (const blob of storage.list(prefix, call)) {
          found += 1;
          yield blob;
        }
      } catch (error) {
        observe({
          method: 'list',
          id: prefix,
          durationMs: now() - started,
          amount: found,
          error,
        });
        throw error;
      }
      observe({
        method: 'list',
        id: prefix,
        durationMs: now() - started,
        amount: found,
      });
    },
    extendRetention:
      storage.extendRetention &&
      ((id, retention, call) =>
        timed(
          'extendRetention',
          id,
          () => storage.extendRetention!(id, retention, call),
          () => 0,
        )),
    close: () => storage.close(),
  };
}

/** Counts of calls, by method. @public */
export type BlobMetrics = Record<
  BlobCall['method'],
  { calls: number; errors: number; amount: number; durationMs: number }
>;

/** A storage and the counts of everything that went through it. @public */
export function withMetrics(storage: BlobStorage): {
  storage: BlobStorage;
  metrics: BlobMetrics;
} {
  const zero = () => ({ calls: 0, errors: 0, amount: 0, durationMs: 0 });
  const metrics: BlobMetrics = {
    get: zero(),
    put: zero(),
    delete: zero(),
    stat: zero(),
    list: zero(),
    extendRetention: zero(),
  };
  const observed = withObserver(storage, call => {
    const count = metrics[call.method];
    count.calls += 1;
    count.amount += call.amount;
    count.durationMs += call.durationMs;
    if (call.error) count.errors += 1;
  });
  return { storage: observed, metrics };
}
