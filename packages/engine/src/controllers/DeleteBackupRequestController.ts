import { isKopiaError } from '@lifeboat/kopia';
import {
  isTerminalBackupPhase,
  isTerminalDataPathPhase,
  isTerminalRestorePhase,
  validLabelValue,
  veleroFinalizers,
  veleroLabels,
  type Backup,
  type BackupStorageLocation,
  type DeleteBackupRequest,
  type Restore,
} from '@lifeboat/velero-api';
import { isConflict } from '../cluster/ApiError';
import { veleroTypes } from '../cluster/knownTypes';
import { forgetSnapshots } from '../repositories/forget/forgetSnapshots';
import { recordedVolumes } from '../repositories/forget/recordedVolumes';
import { removeKeptSnapshots } from '../repositories/forget/removeKeptSnapshots';
import type { BackupStore } from '../storage/BackupStore';
import { StorageError } from '../storage/ObjectStore';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
} from './Controller';
import {
  isSameBackup,
  locationNameOf,
  movedLocation,
} from './storageLocations';

const keepProcessedMs = 24 * 3600 * 1000;
const movingPollMs = 2_000;

/** Data of the backup's volumes is still on its way; it is canceled, and its end is awaited. */
class StillMovingError extends Error {}

/**
 * Removes a backup with all its data (Velero: backup deletion). Unlike there, a
 * request that was cut short is taken up again after a restart: every step may
 * run twice. With errors the request says which, and the Backup stays visible
 * with phase Deleting; another request tries again.
 */
export function createDeleteBackupRequestController(): Controller {
  return {
    name: 'delete-backup-request',
    type: veleroTypes.deleteBackupRequests,

    async reconcile(key, context): Promise<void | Requeue> {
      const request = await context.client.get<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        key,
        { signal: context.signal },
      );
      if (!request || request.metadata.deletionTimestamp) return undefined;
      if (request.status?.phase === 'Processed') {
        return forgetLater(key, request, context);
      }
      let errors: string[];
      try {
        errors = await work(request, context);
      } catch (error) {
        if (!(error instanceof StillMovingError)) throw error;
        context.logger.info({ reason: error.message }, 'A deletion waits');
        return { requeueAfterMs: movingPollMs };
      }
      if (errors.length === 0) return undefined;
      context.logger.warn(
        { backup: request.spec.backupName, errors },
        'A backup could not be deleted',
      );
      await context.client.patch(
        veleroTypes.deleteBackupRequests,
        key,
        {
          contentType: 'merge',
          body: { status: { phase: 'Processed', errors } },
        },
        { signal: context.signal },
      );
      return { requeueAfterMs: keepProcessedMs };
    },
  };
}

async function forgetLater(
  key: ObjectKey,
  request: DeleteBackupRequest,
  context: ControllerContext,
): Promise<void | Requeue> {
  const made = Date.parse(request.metadata.creationTimestamp ?? '') || 0;
  const waitMs = made + keepProcessedMs - context.clock.now();
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  await context.client.delete(veleroTypes.deleteBackupRequests, key, {
    signal: context.signal,
  });
  return undefined;
}

/** Does what is asked for; returns why it could not be done, if so. */
async function work(
  request: DeleteBackupRequest,
  context: ControllerContext,
): Promise<string[]> {
  const { client, namespace, signal } = context;
  const name = request.spec.backupName;
  if (!name) return ['spec.backupName is required'];
  const backup = await client.get<Backup>(
    veleroTypes.backups,
    { namespace, name },
    { signal },
  );
  if (!backup) {
    if (request.status?.phase !== 'InProgress') return ['backup not found'];
    // The Backup went in an earlier run of this request; only requests are left.
    await deleteRequests(name, context);
    return [];
  }
  if (neverStarted(backup)) {
    await deleteObjects(backup, context);
    return [];
  }
  const location = await findLocation(backup, request, context);
  if (typeof location === 'string') return [location];

  const files = await filesToDelete(backup, location, context);
  if ('problem' in files) return [files.problem];
  await begin(request, backup, context);
  const restores = await restoresOf(name, context);
  const running = restores.filter(
    restore => !isTerminalRestorePhase(restore.status?.phase),
  );
  if (running.length > 0) {
    return running.map(
      restore =>
        `restore ${restore.metadata.name} from this backup is still running`,
    );
  }
  try {
    const problems = await deleteData(backup, location, files, context);
    if (problems.length > 0) return problems;
    const store = await context.openStore(location);
    for (const restore of restores) {
      await deleteRestore(restore, store, context);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StillMovingError || isPassing(error)) throw error;
    return [(error as Error).message];
  }
  await deleteObjects(backup, context);
  return [];
}

function isPassing(error: unknown): boolean {
  return (
    (error instanceof StorageError || isKopiaError(error)) && error.retryable
  );
}

/**
 * Deletes what lies in storage: first the data of volumes, which only the files tell the way to, then the files.
 *
 * @returns why it could not be done, if so; nothing is lost then
 */
async function deleteData(
  backup: Backup,
  location: BackupStorageLocation,
  files: BackupFiles,
  context: ControllerContext,
): Promise<string[]> {
  const { client, namespace, signal } = context;
  const { name = '', uid = '' } = backup.metadata;
  const store = await context.openStore(location);
  const uids = [...new Set([uid, ...(files.uid ? [files.uid] : [])])];
  const volumes = await recordedVolumes(context, store, backup, {
    uids,
    hasFiles: files.isOurs,
  });
  const moves = [
    ...volumes.dataUploads.map(
      object => [veleroTypes.dataUploads, object] as const,
    ),
    ...volumes.podVolumeBackups.map(
      object => [veleroTypes.podVolumeBackups, object] as const,
    ),
  ];
  const unfinished = moves.filter(
    ([, { status }]) => !isTerminalDataPathPhase(status?.phase),
  );
  for (const [type, { metadata, spec }] of unfinished) {
    if (spec.cancel) continue;
    await client.patch(
      type,
      { namespace, name: metadata.name ?? '' },
      { contentType: 'merge', body: { spec: { cancel: true } } },
      { signal },
    );
  }
  if (unfinished.length > 0) {
    throw new StillMovingError(
      `${unfinished
        .map(([, { kind, metadata }]) => `${kind} ${metadata.name}`)
        .join(', ')} of the backup has not ended yet`,
    );
  }
  const forgotten = await forgetSnapshots(context, location, {
    uids,
    namespaces: volumes.namespaces,
    recorded: volumes.snapshots,
  });
  const problems = await removeKeptSnapshots(
    context,
    { name, uid: files.uid ?? uid },
    volumes.keptSnapshots,
  );
  if (problems.length > 0) return problems;
  context.logger.info(
    {
      backup: name,
      repositorySnapshots: forgotten,
      storageSnapshots: volumes.keptSnapshots.length,
    },
    'The volume data of a backup was removed; its space is freed by maintenance',
  );
  if (files.isOurs) await store.deleteBackup(name, { signal });
  for (const [type, { metadata }] of moves) {
    await client.delete(
      type,
      { namespace, name: metadata.name ?? '' },
      { preconditions: { uid: metadata.uid }, signal },
    );
  }
  return [];
}

/** It was refused before anything was written: no storage has to be asked. */
function neverStarted(backup: Backup): boolean {
  return (
    backup.status?.phase === 'FailedValidation' && !backup.status.startTimestamp
  );
}

async function deleteObjects(
  backup: Backup,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal } = context;
  const name = backup.metadata.name ?? '';
  await client.delete(
    veleroTypes.backups,
    { namespace, name },
    { preconditions: { uid: backup.metadata.uid }, signal },
  );
  context.logger.info({ backup: name }, 'A backup was deleted');
  await deleteRequests(name, context);
}

/** The location, or why nothing may be deleted there. */
async function findLocation(
  backup: Backup,
  request: DeleteBackupRequest,
  context: ControllerContext,
): Promise<BackupStorageLocation | string> {
  const { client, namespace, signal } = context;
  const uid = request.metadata.labels?.[veleroLabels.backupUid];
  if (uid && uid !== backup.metadata.uid) {
    return 'the backup was deleted and another one of the same name exists';
  }
  const phase = backup.status?.phase ?? '';
  if (phase !== 'Deleting' && !isTerminalBackupPhase(phase)) {
    return 'backup is still in progress';
  }
  const name = locationNameOf(backup, context.config.defaultLocation);
  const location = await client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace, name },
    { signal },
  );
  if (!location) return `backup storage location ${name} not found`;
  if (location.spec.accessMode === 'ReadOnly') {
    return `cannot delete backup because backup storage location ${name} is currently in read-only mode`;
  }
  if (location.status?.phase === 'Unavailable') {
    return `cannot delete backup because backup storage location ${name} is unavailable: ${
      location.status.message ?? 'no reason known'
    }`;
  }
  return location;
}

/** What lies in storage under a Backup's name. */
interface BackupFiles {
  /** Whether it goes with the Backup. */
  isOurs: boolean;
  /** The UID with which the backup was made; that of its resource differs where it was brought in from storage. */
  uid?: string;
}

/**
 * Whether what lies in storage under the Backup's name may be deleted with it:
 * the location may point to another place than before, and a Backup that failed
 * because its name was taken must not take the other one along.
 */
async function filesToDelete(
  backup: Backup,
  location: BackupStorageLocation,
  context: ControllerContext,
): Promise<BackupFiles | { problem: string }> {
  const name = backup.metadata.name ?? '';
  const place = `storage location ${location.metadata.name}`;
  let stored: Backup | undefined;
  try {
    const store = await context.openStore(location);
    stored = await store.getMetadata(name, { signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof StorageError) || error.retryable) throw error;
    // Damaged metadata is no reason to keep what it belongs to.
    if (error.reason !== 'integrity') return { problem: error.message };
  }
  const moved = movedLocation(backup, location);
  if (stored ? isSameBackup(stored, backup) : !moved) {
    return {
      isOurs: true,
      ...(stored?.metadata.uid ? { uid: stored.metadata.uid } : {}),
    };
  }
  if (backup.status?.phase === 'Failed') return { isOurs: false };
  return {
    problem: stored
      ? `${place} holds another backup of the name ${name}; nothing was deleted${moved}`
      : `the backup is not in ${place}${moved}`,
  };
}

async function begin(
  request: DeleteBackupRequest,
  backup: Backup,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal } = context;
  const name = backup.metadata.name ?? '';
  await client.patch(
    veleroTypes.deleteBackupRequests,
    { namespace, name: request.metadata.name ?? '' },
    {
      contentType: 'merge',
      body: {
        metadata: {
          labels: {
            [veleroLabels.backupName]: validLabelValue(name),
            [veleroLabels.backupUid]: backup.metadata.uid,
          },
        },
        status: { phase: 'InProgress', errors: null },
      },
    },
    { signal },
  );
  if (backup.status?.phase === 'Deleting') return;
  try {
    await client.replace<Backup>(
      veleroTypes.backups,
      { ...backup, status: { ...backup.status, phase: 'Deleting' } },
      { signal },
    );
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new Error(`Backup ${name} changed meanwhile; looking again`);
  }
}

async function restoresOf(
  backup: string,
  context: ControllerContext,
): Promise<Restore[]> {
  const restores: Restore[] = [];
  for await (const restore of context.client.list<Restore>(
    veleroTypes.restores,
    { namespace: context.namespace, signal: context.signal },
  )) {
    if (restore.spec.backupName === backup) restores.push(restore);
  }
  return restores;
}

async function deleteRestore(
  restore: Restore,
  store: BackupStore,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal } = context;
  const name = restore.metadata.name ?? '';
  await store.deleteRestore(name, { signal });
  const finalizers = restore.metadata.finalizers ?? [];
  const kept = finalizers.filter(
    finalizer => finalizer !== veleroFinalizers.restoreExternalResources,
  );
  if (kept.length < finalizers.length) {
    // It stands for the files just deleted.
    await client.patch(
      veleroTypes.restores,
      { namespace, name },
      {
        contentType: 'merge',
        body: { metadata: { finalizers: kept.length > 0 ? kept : null } },
      },
      { signal },
    );
  }
  await client.delete(
    veleroTypes.restores,
    { namespace, name },
    { preconditions: { uid: restore.metadata.uid }, signal },
  );
}

/** All requests for the backup, this one among them. */
async function deleteRequests(
  backup: string,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal } = context;
  for await (const request of client.list<DeleteBackupRequest>(
    veleroTypes.deleteBackupRequests,
    { namespace, signal },
  )) {
    if (request.spec.backupName !== backup) continue;
    await client.delete(
      veleroTypes.deleteBackupRequests,
      { namespace, name: request.metadata.name ?? '' },
      { signal },
    );
  }
}
