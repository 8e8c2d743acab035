import {
  gcFailureReasons,
  validLabelValue,
  veleroLabels,
  type Backup,
  type BackupStorageLocation,
  type DeleteBackupRequest,
} from '@lifeboat/velero-api';
import { isNotFound } from '../cluster/ApiError';
import { veleroTypes } from '../cluster/knownTypes';
import type { Controller, ControllerContext, Requeue } from './Controller';
import { claimLocation } from './locationOwnership';
import { locationNameOf, movedLocation } from './storageLocations';

/**
 * Asks for the deletion of backups that have expired (Velero: garbage
 * collection). Only the cluster that owns a location's expiry does so: several
 * clusters may see the same backups. Editing `status.expiration` changes when a
 * backup expires; one without never does.
 */
export function createGarbageCollectionController(): Controller {
  return {
    name: 'garbage-collection',
    type: veleroTypes.backups,
    concurrency: () => 2,

    async reconcile(key, context): Promise<void | Requeue> {
      const { client, clock, signal, config } = context;
      const periodMs = config.garbageCollectionSeconds * 1000;
      const backup = await client.get<Backup>(veleroTypes.backups, key, {
        signal,
      });
      if (!backup || backup.metadata.deletionTimestamp) return undefined;
      const expiration = Date.parse(backup.status?.expiration ?? '');
      if (Number.isNaN(expiration)) return undefined;
      const waitMs = expiration - clock.now();
      if (waitMs > 0) return { requeueAfterMs: Math.min(waitMs, periodMs) };
      if (isUnfinished(backup)) return { requeueAfterMs: periodMs };

      const blocked = await blockedBy(backup, context);
      if (blocked) {
        if (blocked.label) await setFailure(backup, blocked.label, context);
        context.logger.info(
          { backup: key.name, reason: blocked.reason },
          'An expired backup is kept',
        );
        return { requeueAfterMs: periodMs };
      }
      if (backup.metadata.labels?.[veleroLabels.gcFailure]) {
        await setFailure(backup, null, context);
      }
      if (!(await hasOpenRequest(backup, context))) {
        await request(backup, context);
      }
      return { requeueAfterMs: periodMs };
    },
  };
}

function isUnfinished(backup: Backup): boolean {
  const phase = backup.status?.phase ?? '';
  return ![
    'Completed',
    'PartiallyFailed',
    'Failed',
    'FailedValidation',
    'Deleting',
  ].includes(phase);
}

async function blockedBy(
  backup: Backup,
  context: ControllerContext,
): Promise<{ label?: string; reason: string } | undefined> {
  const name = locationNameOf(backup, context.config.defaultLocation);
  let location: BackupStorageLocation | undefined;
  try {
    location = await context.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: context.namespace, name },
      { signal: context.signal },
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (isNotFound(error)) throw error;
    return {
      label: gcFailureReasons.locationCannotGet,
      reason: `Storage location ${name} could not be read: ${
        (error as Error).message
      }`,
    };
  }
  if (!location) {
    return {
      label: gcFailureReasons.locationNotFound,
      reason: `Storage location ${name} does not exist`,
    };
  }
  if (location.spec.accessMode === 'ReadOnly') {
    return {
      label: gcFailureReasons.locationReadOnly,
      reason: `Storage location ${name} is read-only`,
    };
  }
  if (location.status?.phase === 'Unavailable') {
    return { reason: `Storage location ${name} is not available` };
  }
  const moved = movedLocation(backup, location);
  if (moved) return { reason: `It may not be in its location${moved}` };
  const owner = await claimLocation(await context.openStore(location), context);
  if (!owner.ours) {
    return {
      reason: `Cluster ${owner.record.clusterName} owns the expiry of storage location ${name}; to hand it over, delete ${owner.key} in the storage`,
    };
  }
  return undefined;
}

async function setFailure(
  backup: Backup,
  reason: string | null,
  context: ControllerContext,
): Promise<void> {
  if ((backup.metadata.labels?.[veleroLabels.gcFailure] ?? null) === reason) {
    return;
  }
  await context.client.patch(
    veleroTypes.backups,
    { namespace: context.namespace, name: backup.metadata.name ?? '' },
    {
      contentType: 'merge',
      body: { metadata: { labels: { [veleroLabels.gcFailure]: reason } } },
    },
    { signal: context.signal },
  );
}

async function hasOpenRequest(
  backup: Backup,
  context: ControllerContext,
): Promise<boolean> {
  for await (const open of context.client.list<DeleteBackupRequest>(
    veleroTypes.deleteBackupRequests,
    {
      namespace: context.namespace,
      labelSelector: `${veleroLabels.backupUid}=${backup.metadata.uid}`,
      signal: context.signal,
    },
  )) {
    if (open.status?.phase !== 'Processed') return true;
  }
  return false;
}

async function request(
  backup: Backup,
  context: ControllerContext,
): Promise<void> {
  const name = backup.metadata.name ?? '';
  context.logger.info({ backup: name }, 'A backup has expired');
  await context.client.create<DeleteBackupRequest>(
    veleroTypes.deleteBackupRequests,
    {
      apiVersion: 'velero.io/v1',
      kind: 'DeleteBackupRequest',
      metadata: {
        namespace: context.namespace,
        generateName: `${name}-`,
        labels: {
          [veleroLabels.backupName]: validLabelValue(name),
          [veleroLabels.backupUid]: backup.metadata.uid ?? '',
        },
      },
      spec: { backupName: name },
    },
    { signal: context.signal },
  );
}
