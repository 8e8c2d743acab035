import {
  Backup,
  BackupStorageLocation,
  isTerminalBackupPhase,
} from '@lifeboat/velero-api';
import { removeRunMarker } from '../../backup/RunMarker';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../Controller';
import { movedLocation } from '../storageLocations';
import { asItRan, changeBackup, textOf, withStatus } from './backupChanges';
import { failBackup, removeFiles, stopData } from './failBackup';

const interrupted = 'the engine stopped while this backup was running';

/**
 * Brings a Backup that no process works on any more, though its phase says so, to a truthful end: what is complete in storage
 * counts, everything else is removed.
 */
export async function recoverBackup(
  backup: Backup,
  context: ControllerContext,
): Promise<void> {
  const { client, signal, namespace } = context;
  const name = backup.metadata.name ?? '';
  const location = await client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace, name: backup.spec.storageLocation ?? '' },
    { signal },
  );
  if (!location) {
    await stopData(backup, context);
    await failBackup(
      backup,
      context,
      `${interrupted}, and its storage location is gone`,
    );
    return;
  }
  const moved = movedLocation(backup, location);
  if (moved) {
    // What is there now belongs to others; what it wrote is out of reach.
    await stopData(backup, context);
    await failBackup(
      backup,
      context,
      `${interrupted}; its partial files stay where they are${moved}`,
    );
    return;
  }
  let cleaned = false;
  try {
    const store = await context.openStore(location);
    const stored = await store.getMetadata(name, { signal });
    if (stored && stored.metadata.uid === backup.metadata.uid) {
      const { status = {} } = stored;
      if (!isTerminalBackupPhase(status.phase)) {
        await stopData(backup, context);
        // Velero stores a backup before its volume data is moved; nobody moves it any more.
        await failBackup(
          backup,
          context,
          `another engine stopped while this backup was in phase ${status.phase}, and its operations cannot be taken over`,
        );
        return;
      }
      // Everything is in storage: only the last change of the resource is missing.
      await removeRunMarker(store, name, { signal });
      await changeBackup(context, backup, current =>
        asItRan(withStatus(current, status), stored),
      );
      return;
    }
    // Metadata of another Backup of that name: the files are not ours to remove.
    const removed = stored !== undefined || (await removeFiles(store, backup));
    cleaned = (await stopData(backup, context)) && removed;
  } catch (error) {
    signal.throwIfAborted();
    context.logger.warn(
      { backup: name, error: textOf(error) },
      'storage cannot be read to end an interrupted backup',
    );
    if (backup.status?.phase?.startsWith('Finalizing')) {
      // It may be complete in storage: only storage can tell.
      throw error;
    }
  }
  await failBackup(
    backup,
    context,
    cleaned
      ? `${interrupted}; its partial files were removed from storage`
      : `${interrupted}; its partial files are removed as soon as the storage can be used`,
    !cleaned,
  );
}
