import { messageOf } from '../errors';
import { BlobStorage } from './BlobStorage';
import { withObserver } from './withObserver';

/** A storage that writes one line per call, with name, size and duration; never any data. @public */
export function withLogging(
  storage: BlobStorage,
  log: (line: string) => void,
): BlobStorage {
  return withObserver(storage, ({ method, id, durationMs, amount, error }) => {
    const outcome = error
      ? `failed: ${messageOf(error)}`
      : `${amount} ${method === 'list' ? 'blobs' : 'bytes'}`;
    log(`blob ${method} ${id || '*'} ${durationMs.toFixed(1)} ms ${outcome}`);
  });
}
