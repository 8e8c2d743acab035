import {
  openVolumeRepository,
  type VolumeRepository,
} from '@lifeboat/data-mover';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import PQueue from 'p-queue';
import type { ControllerContext } from '../controllers/Controller';
import { repositoryStorageOptions } from './storedRepositories';

type Context = Pick<
  ControllerContext,
  'client' | 'namespace' | 'signal' | 'config'
>;

/** What is done with an open repository in the engine's own process. */
export interface RepositoryUse {
  location: BackupStorageLocation;
  volumeNamespace: string;
  password: string;
  /** Makes the repository where there is none. */
  create?: boolean;
  readOnly?: boolean;
  /** How long it may take once it is its turn. */
  timeoutMs: number;
}

// Deriving a key takes 64 MiB, and indexes come on top.
const turns = new PQueue({ concurrency: 1 });
const indexMemoryLimit = 16 * 1024 * 1024;

/**
 * Opens a repository, hands it over, and closes it. One at a time in this process, with little memory and no threads: whatever
 * reads or writes volume data is done in mover pods.
 *
 * @throws KopiaError, StorageError for a location that cannot be used, or what `action` throws; a time-out names the repository
 */
export async function useRepository<T>(
  context: Context,
  use: RepositoryUse,
  action: (opened: VolumeRepository, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return turns.add(
    async () => {
      context.signal.throwIfAborted();
      const timeout = AbortSignal.timeout(use.timeoutMs);
      const signal = AbortSignal.any([context.signal, timeout]);
      try {
        return await before(signal, openAndUse(context, use, action, signal));
      } catch (error) {
        context.signal.throwIfAborted();
        if (!timeout.aborted) throw error;
        throw new Error(
          `The storage did not answer within ${Math.round(
            use.timeoutMs / 1000,
          )} seconds while the repository of namespace ${
            use.volumeNamespace
          } in location ${use.location.metadata.name} was open`,
        );
      }
    },
    { signal: context.signal },
  ) as Promise<T>;
}

async function openAndUse<T>(
  context: Context,
  use: RepositoryUse,
  action: (opened: VolumeRepository, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const opened = await openVolumeRepository({
    ...(await repositoryStorageOptions(
      context,
      use.location,
      use.volumeNamespace,
      signal,
    )),
    password: use.password,
    create: use.create ?? false,
    readOnly: use.readOnly ?? false,
    fullIntervalHours:
      context.config.repositories.maintenance.fullIntervalHours,
    workers: 0,
    indexMemoryLimit,
    signal,
  });
  try {
    return await action(opened, signal);
  } finally {
    await opened.close();
  }
}

/** Does not wait longer than the signal lives: a dead network mount ignores it. */
function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {
      once: true,
    });
    work.then(resolve, reject);
  });
}
