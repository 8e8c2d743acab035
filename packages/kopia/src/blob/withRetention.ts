import { BlobConfig, isRetained } from '../format/blobConfig';
import { BlobStorage } from './BlobStorage';

/** A storage that writes blobs of data, indexes and format with the repository's object lock. */
export function withRetention(
  storage: BlobStorage,
  { retentionMode, retentionPeriodMs }: BlobConfig,
): BlobStorage {
  if (!retentionMode || !retentionPeriodMs) return storage;
  const retention = { mode: retentionMode, periodMs: retentionPeriodMs };
  return {
    description: storage.description,
    get: (id, range, call) => storage.get(id, range, call),
    list: (prefix, call) => storage.list(prefix, call),
    stat: (id, call) => storage.stat(id, call),
    delete: (id, call) => storage.delete(id, call),
    put: (id, data, call) =>
      storage.put(id, data, isRetained(id) ? { ...call, retention } : call),
    extendRetention:
      storage.extendRetention &&
      ((id, wanted, call) => storage.extendRetention!(id, wanted, call)),
    close: () => storage.close(),
  };
}
