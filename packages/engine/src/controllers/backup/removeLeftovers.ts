import { isKopiaError } from '@lifeboat/kopia';
import {
  type Backup,
  type BackupStorageLocation,
  veleroLabels,
} from '@lifeboat/velero-api';
import { readRunMarker, removeRunMarker } from '../../backup/RunMarker';
import {
  dataPathTypes,
  snapshotNamespaces,
} from '../../backup/volumes/stopVolumes';
import { removeWaitingState } from '../../backup/volumes/WaitingState';
import { veleroTypes } from '../../cluster/knownTypes';
import { forgetSnapshots } from '../../repositories/forget/forgetSnapshots';
import { storedRepositories } from '../../repositories/storedRepositories';
import { UnknownPasswordError } from '../../repositories/useKnownRepository';
import {
  releaseSnapshotsOf,
  removeSnapshotsOf,
} from '../../volumes/snapshot/removeSnapshots';
import type { ControllerContext } from '../Controller';
import { movedLocation } from '../storageLocations';
import { textOf } from './backupChanges';

/**
 * Removes what a backup has left whose Backup was deleted before its end: what moves its data, its snapshots, its data in the
 * repositories and its files. Only what carries its UID is touched. May be repeated.
 *
 * @param backup - the Backup that is gone, as its run record knows it
 * @returns false when something has to end first
 */
export async function removeLeftovers(
  backup: Backup,
  context: ControllerContext,
): Promise<boolean> {
  if (await removeDataPaths(backup, context)) {
    return false;
  }
  const { client, signal } = context;
  const { name = '', uid = '' } = backup.metadata;
  const namespaces = snapshotNamespaces(backup);
  const location = await locationOf(backup, context);
  if (!location) {
    await removeSnapshotsOf(uid, namespaces, 'Delete', { client, signal });
    return true;
  }
  const store = await context.openStore(location);
  const stored = await store.getMetadata(name, { signal });
  if (stored?.metadata.uid === uid) {
    // It was complete: synchronisation brings it back.
    await releaseSnapshotsOf(uid, namespaces, { client, signal });
    await removeWaitingState(store, name, { signal });
    await removeRunMarker(store, name, { signal });
    return true;
  }
  await removeSnapshotsOf(uid, namespaces, 'Delete', { client, signal });
  await forgetData(backup, location, context);
  if (!stored && (await readRunMarker(store, name, { signal })) === uid) {
    await store.deleteBackup(name, { signal });
  }
  return true;
}

/** The location, if what the backup wrote can still be reached there and removed. */
async function locationOf(
  backup: Backup,
  { client, namespace, signal, logger }: ControllerContext,
): Promise<BackupStorageLocation | undefined> {
  const name = backup.spec.storageLocation ?? '';
  const location = await client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace, name },
    { signal },
  );
  const why =
    (!location && 'it is gone') ||
    (location?.spec.accessMode === 'ReadOnly' && 'it is read-only') ||
    (location && movedLocation(backup, location));
  if (why) {
    logger.warn(
      { backup: backup.metadata.name, location: name, why },
      'files of an unfinished backup that was deleted stay in storage',
    );
    return undefined;
  }
  return location;
}

/** Ends what moves the backup's data. @returns whether some of it is still there */
async function removeDataPaths(
  { metadata: { uid = '' } }: Backup,
  { client, namespace, signal }: ControllerContext,
): Promise<boolean> {
  let found = false;
  for (const type of dataPathTypes) {
    for await (const { metadata } of client.list(type, {
      namespace,
      labelSelector: `${veleroLabels.backupUid}=${uid}`,
      signal,
    })) {
      found = true;
      if (!metadata.deletionTimestamp) {
        await client.delete(
          type,
          { namespace, name: metadata.name ?? '' },
          { preconditions: { uid: metadata.uid }, signal },
        );
      }
    }
  }
  return found;
}

/** What was moved already is in the repositories under the backup's UID. */
async function forgetData(
  backup: Backup,
  location: BackupStorageLocation,
  context: ControllerContext,
): Promise<void> {
  const namespaces =
    snapshotNamespaces(backup) ??
    (await storedRepositories(
      await context.openStore(location),
      context.signal,
    ));
  try {
    await forgetSnapshots(context, location, {
      uids: [backup.metadata.uid ?? ''],
      namespaces,
      recorded: [],
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const isFinal =
      error instanceof UnknownPasswordError ||
      (isKopiaError(error) && !error.retryable);
    if (!isFinal) {
      throw error;
    }
    context.logger.warn(
      { backup: backup.metadata.name, error: textOf(error) },
      'data that an unfinished backup moved stays in the repository',
    );
  }
}
