import type { Logger } from '../config/Logger';
import { ObjectNotFoundError, type ObjectStore } from './ObjectStore';

/**
 * Logs each request at level debug, and failures with their key at warn.
 * @public
 */
export function withLogging(store: ObjectStore, logger: Logger): ObjectStore {
  async function logged<T>(
    operation: string,
    key: string,
    action: () => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    try {
      const result = await action();
      logger.debug(
        { operation, key, ms: Math.round(performance.now() - started) },
        'Storage request',
      );
      return result;
    } catch (error) {
      // Whether something is there is a question, not a failure.
      if (error instanceof ObjectNotFoundError) throw error;
      logger.warn(
        { operation, key, error: (error as Error).message },
        'Storage request failed',
      );
      throw error;
    }
  }
  return {
    put: (key, body, options) =>
      logged('put', key, () => store.put(key, body, options)),
    get: (key, options) => logged('get', key, () => store.get(key, options)),
    stat: (key, options) => logged('stat', key, () => store.stat(key, options)),
    list: (prefix, options) => store.list(prefix, options),
    listDirectories: (prefix, options) =>
      store.listDirectories(prefix, options),
    delete: (keys, options) =>
      logged(
        'delete',
        keys.length === 1 ? keys[0] : `${keys.length} keys`,
        () => store.delete(keys, options),
      ),
    copy: (from, to, options) =>
      logged('copy', `${from} -> ${to}`, () => store.copy(from, to, options)),
    sweep: async (prefix, options) =>
      (await store.sweep?.(prefix, options)) ?? 0,
  };
}
