import { KopiaError } from '../errors';
import { BlobCallOptions, BlobStorage } from './BlobStorage';

/**
 * A storage whose calls end after `timeoutMs` at the latest, with a retryable error of code `timeout`. Listings may
 * take that long per step.
 *
 * @public
 */
export function withTimeout(
  storage: BlobStorage,
  timeoutMs: number,
): BlobStorage {
  async function limited<T>(
    what: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const both = signal
      ? AbortSignal.any([signal, controller.signal])
      : controller.signal;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new KopiaError(
          'timeout',
          `${what} took longer than ${timeoutMs} ms`,
          { retryable: true },
        );
        controller.abort(error);
        reject(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([call(both), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function* list(prefix: string, call?: BlobCallOptions) {
    const controller = new AbortController();
    const signal = call?.signal
      ? AbortSignal.any([call.signal, controller.signal])
      : controller.signal;
    const steps = storage.list(prefix, { signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await limited(`Listing ${prefix}*`, call?.signal, () =>
          steps.next(),
        );
        if (step.done) return;
        yield step.value;
      }
    } finally {
      controller.abort();
    }
  }

  return {
    description: storage.description,
    get: (id, range, call) =>
      limited(`Reading ${id}`, call?.signal, signal =>
        storage.get(id, range, { ...call, signal }),
      ),
    put: (id, data, call) =>
      limited(`Writing ${id}`, call?.signal, signal =>
        storage.put(id, data, { ...call, signal }),
      ),
    delete: (id, call) =>
      limited(`Deleting ${id}`, call?.signal, signal =>
        storage.delete(id, { ...call, signal }),
      ),
    stat: (id, call) =>
      limited(`Looking at ${id}`, call?.signal, signal =>
        storage.stat(id, { ...call, signal }),
      ),
    list,
    extendRetention:
      storage.extendRetention &&
      ((id, retention, call) =>
        limited(`Prolonging the lock of ${id}`, call?.signal, signal =>
          storage.extendRetention!(id, retention, { ...call, signal }),
        )),
    close: () => storage.close(),
  };
}
