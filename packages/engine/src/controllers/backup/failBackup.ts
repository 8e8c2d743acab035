import type { Backup, BackupStorageLocation } from '@lifeboat/velero-api';
import { seconds } from '../../backup/prepareBackup';
import { readRunMarker } from '../../backup/RunMarker';
import { stopVolumes } from '../../backup/volumes/stopVolumes';
import { veleroTypes } from '../../cluster/knownTypes';
import type { BackupStore } from '../../storage/BackupStore';
import type { ControllerContext } from '../Controller';
import { movedLocation } from '../storageLocations';
import { changeBackup, ignoreGone, textOf, withStatus } from './backupChanges';

/** On a Failed Backup: not everything that it made could be removed yet. */
const cleanupAnnotation = 'lifeboat.dev/storage-cleanup';

// A run that was cancelled still cleans up, but does not wait forever for dead storage.
const cleanupTimeoutMs = 60_000;

/** Whether a failed backup left something that is still to be removed. */
export function needsCleanup({ metadata }: Backup): boolean {
  return metadata.annotations?.[cleanupAnnotation] !== undefined;
}

/** Ends a backup as Failed. */
export async function failBackup(
  backup: Backup,
  context: ControllerContext,
  failureReason: string,
  cleanupPending = false,
): Promise<void> {
  await changeBackup(context, backup, current => ({
    ...withStatus(current, {
      phase: 'Failed',
      failureReason,
      completionTimestamp: seconds(context.clock.now()),
      queuePosition: undefined,
    }),
    metadata: cleanupPending
      ? {
          ...current.metadata,
          annotations: {
            ...current.metadata.annotations,
            [cleanupAnnotation]: 'pending',
          },
        }
      : current.metadata,
  })).catch(ignoreGone);
}

/** Removes what a failed backup wrote. @returns false when it must be tried again */
export async function removeFiles(
  store: BackupStore,
  backup: Backup,
): Promise<boolean> {
  try {
    await removeOwnFiles(store, backup);
    return true;
  } catch {
    // The resource says that they are still there, and they are tried again.
    return false;
  }
}

/** Ends data movement of a failed backup and removes its snapshots. @returns false when it must be tried again */
export async function stopData(
  backup: Backup,
  context: ControllerContext,
): Promise<boolean> {
  try {
    await stopVolumes(backup, context);
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    context.logger.warn(
      { backup: backup.metadata.name, error: textOf(error) },
      'what a failed backup made for its volumes could not be removed yet',
    );
    return false;
  }
}

/** Removes what could not be removed when a backup failed. */
export async function cleanUpFailed(
  backup: Backup,
  context: ControllerContext,
): Promise<void> {
  await stopVolumes(backup, context);
  const location = await context.client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    {
      namespace: context.namespace,
      name: backup.spec.storageLocation ?? '',
    },
    { signal: context.signal },
  );
  if (location && !movedLocation(backup, location)) {
    await removeOwnFiles(await context.openStore(location), backup);
  }
  await changeBackup(context, backup, current => {
    const annotations = { ...current.metadata.annotations };
    delete annotations[cleanupAnnotation];
    return { ...current, metadata: { ...current.metadata, annotations } };
  });
}

/** A backup of the same name that another cluster completed or is making stays. */
async function removeOwnFiles(
  store: BackupStore,
  backup: Backup,
): Promise<void> {
  const { name = '', uid } = backup.metadata;
  const signal = AbortSignal.timeout(cleanupTimeoutMs);
  const stored = await store.getMetadata(name, { signal });
  const owner =
    stored?.metadata.uid ?? (await readRunMarker(store, name, { signal }));
  if (owner === undefined || owner === uid) {
    await store.deleteBackup(name, { signal });
  }
}
