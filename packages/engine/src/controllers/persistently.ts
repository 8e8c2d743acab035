import { isInvalid } from '../cluster/ApiError';
import type { Clock } from '../cluster/Clock';
import { LeaseLostError } from '../cluster/LeaseLostError';

/**
 * Repeats a last write until it succeeds: a run's end must not be lost to an API server that is away for a minute.
 *
 * @throws what the write threw when repeating cannot help: the lease is lost, or the server refuses the object itself; the
 *   signal's reason once it is aborted
 */
export async function persistently<T>(
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  write: () => Promise<T>,
): Promise<T> {
  for (let delay = 1000; ; delay = Math.min(delay * 2, 30_000)) {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeaseLostError || isInvalid(error)) {
        throw error;
      }
      await clock.sleep(delay, signal);
    }
  }
}
