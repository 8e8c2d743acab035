import { deleteSnapshot, listSnapshots } from '@lifeboat/kopia';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import type { ControllerContext } from '../../controllers/Controller';
import { demandRepository } from '../ensureRepository';
import { isRepositoryStored, storedRepositories } from '../storedRepositories';
import { useKnownRepository } from '../useKnownRepository';
import { ownSnapshots, type RecordedSnapshot } from './ownSnapshots';

/**
 * Removes a backup's own snapshots from the repositories of some namespaces. Their data goes with later maintenance. Running twice
 * does no harm.
 *
 * @returns how many there were
 * @throws UnknownPasswordError, KopiaError or StorageError when a repository cannot be opened: then nothing of it is removed
 */
export async function forgetSnapshots(
  context: ControllerContext,
  location: BackupStorageLocation,
  options: {
    uids: readonly string[];
    namespaces: readonly string[];
    recorded: readonly RecordedSnapshot[];
  },
): Promise<number> {
  const { uids, namespaces, recorded } = options;
  if (namespaces.length === 0) return 0;
  const store = await context.openStore(location);
  const stored = await storedRepositories(store, context.signal);
  let forgotten = 0;
  for (const volumeNamespace of namespaces) {
    const ofNamespace = recorded.filter(
      each => each.volumeNamespace === volumeNamespace,
    );
    if (!stored.includes(volumeNamespace)) continue;
    if (
      !(await isRepositoryStored(
        context,
        location,
        volumeNamespace,
        context.signal,
      ))
    ) {
      if (ofNamespace.length === 0) continue;
      throw new Error(
        `The data of namespace ${volumeNamespace} in storage location ${location.metadata.name} cannot be removed: there is data, but no repository (kopia.repository is missing)`,
      );
    }
    const repository = await demandRepository(context, {
      location: location.metadata.name ?? '',
      volumeNamespace,
    });
    forgotten += await useKnownRepository(
      context,
      repository,
      location,
      async ({ repository: open }, _password, signal) => {
        const { own, others } = ownSnapshots(
          uids,
          ofNamespace,
          listSnapshots(open),
        );
        if (others.length > 0) {
          context.logger.warn(
            { repository: repository.metadata.name, snapshots: others },
            'A backup names snapshots that belong to other backups; they are kept',
          );
        }
        if (own.length === 0) return 0;
        for (const id of own) deleteSnapshot(open, id);
        context.beforeWrite();
        await open.flush(signal);
        return own.length;
      },
    );
  }
  return forgotten;
}
