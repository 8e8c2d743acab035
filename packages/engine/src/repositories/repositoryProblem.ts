import { isKopiaError, getSnapshot, type Repository } from '@lifeboat/kopia';
import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ControllerContext } from '../controllers/Controller';
import { connectRepository } from './connectRepository';
import { demandRepository } from './ensureRepository';
import { findRepository, repositoryName } from './findRepository';
import { recordConnection } from './recordConnection';
import { isRepositoryStored, storedRepositories } from './storedRepositories';

/** What a restore needs of a repository. @public */
export interface NeededRepository {
  location: BackupStorageLocation;
  /** The namespace whose volumes are in it: the original one. */
  volumeNamespace: string;
  /** Kopia manifest IDs that must be there. */
  snapshotIDs?: readonly string[];
}

/**
 * Why volume data cannot be restored from a repository; undefined when it can. Asked before a restore starts: the repository is
 * really opened, with the passwords that are known, and its resource is made when there is none, with what was found out.
 *
 * @public
 */
export async function repositoryProblem(
  context: ControllerContext,
  { location, volumeNamespace, snapshotIDs = [] }: NeededRepository,
): Promise<string | undefined> {
  const key = { location: location.metadata.name ?? '', volumeNamespace };
  const known = await findRepository(context, key);
  try {
    const store = await context.openStore(location);
    const namespaces = await storedRepositories(store, context.signal);
    const isStored =
      namespaces.includes(volumeNamespace) &&
      (await isRepositoryStored(
        context,
        location,
        volumeNamespace,
        context.signal,
      ));
    // A resource made now would make its controller create an empty repository.
    if (!isStored) {
      return `Repository ${
        known?.metadata.name ?? repositoryName(key)
      } (namespace ${volumeNamespace} in storage location ${
        key.location
      }) does not exist in the storage`;
    }
  } catch (error) {
    context.signal.throwIfAborted();
    return `Repository ${
      known?.metadata.name ?? repositoryName(key)
    } (namespace ${volumeNamespace} in storage location ${
      key.location
    }) cannot be opened: ${(error as Error).message}`;
  }
  const repository: BackupRepository =
    known ?? (await demandRepository(context, key));
  let missing: string | undefined;
  const connection = await connectRepository(context, repository, location, {
    mayCreate: false,
    inspect: open => {
      missing = missingSnapshots(open, snapshotIDs);
    },
  });
  await recordConnection(context, repository, location, connection);
  if (connection.phase === 'NotReady') return connection.message;
  return (
    missing &&
    `Repository ${repository.metadata.name} (namespace ${volumeNamespace} in storage location ${key.location}) ${missing}`
  );
}

function missingSnapshots(
  repository: Repository,
  snapshotIDs: readonly string[],
): string | undefined {
  const missing = snapshotIDs.filter(id => {
    try {
      getSnapshot(repository, id);
      return false;
    } catch (error) {
      if (isKopiaError(error, 'not-found')) return true;
      throw error;
    }
  });
  return missing.length > 0
    ? `does not hold the data of the backup any more: snapshot ${missing.join(
        ', ',
      )} is missing`
    : undefined;
}
