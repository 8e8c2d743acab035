import { KopiaError } from '../errors';
import { BlobStorage } from './BlobStorage';

/** A storage that refuses every change. @public */
export function readOnly(storage: BlobStorage): BlobStorage {
  const refuse = (action: string) => async (id: string) => {
    throw new KopiaError(
      'read-only',
      `${action} ${id} is refused: ${storage.description} was opened read-only`,
    );
  };
  return {
    description: storage.description,
    get: (id, range, call) => storage.get(id, range, call),
    list: (prefix, call) => storage.list(prefix, call),
    stat: (id, call) => storage.stat(id, call),
    put: refuse('Writing'),
    delete: refuse('Deleting'),
    extendRetention: refuse('Prolonging the lock of'),
    close: () => storage.close(),
  };
}
