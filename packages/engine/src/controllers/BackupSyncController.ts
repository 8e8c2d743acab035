import {
  isTerminalDataPathPhase,
  parseDurationOr,
  validLabelValue,
  veleroLabels,
  type Backup,
  type BackupRepository,
  type BackupStorageLocation,
  type PodVolumeBackup,
  type Schedule,
} from '@lifeboat/velero-api';
import { isAlreadyExists, isInvalid } from '../cluster/ApiError';
import { veleroTypes } from '../cluster/knownTypes';
import { demandRepository } from '../repositories/ensureRepository';
import { isRepository } from '../repositories/findRepository';
import {
  isRepositoryStored,
  storedRepositories,
} from '../repositories/storedRepositories';
import type { BackupStore } from '../storage/BackupStore';
import type { Controller, ControllerContext, Requeue } from './Controller';
import { decideSync, importedBackup } from './decideSync';
import { rfc3339 } from './rfc3339';
import {
  isSameBackup,
  placeFingerprint,
  storedInAnnotation,
} from './storageLocations';

/**
 * Brings backups that are found in storage into the cluster, and removes
 * Backups whose storage is gone (Velero: backup sync). A listing that fails or
 * is empty removes nothing.
 */
export function createBackupSyncController(): Controller {
  const missingBefore = new Map<
    string,
    { place: string; uids: ReadonlySet<string> }
  >();

  return {
    name: 'backup-sync',
    type: veleroTypes.backupStorageLocations,
    concurrency: () => 2,

    async reconcile(key, context): Promise<void | Requeue> {
      const { client, clock, config, signal } = context;
      const location = await client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        key,
        { signal },
      );
      if (!location) {
        missingBefore.delete(key.name);
        return undefined;
      }
      const periodMs = parseDurationOr(
        location.spec.backupSyncPeriod,
        config.sync.periodSeconds * 1000,
      );
      // A location that becomes Available is an event of its own.
      if (periodMs === 0 || location.status?.phase !== 'Available') {
        return undefined;
      }
      const last = Date.parse(location.status?.lastSyncedTime ?? '') || 0;
      const waitMs = last + periodMs - clock.now();
      if (waitMs > 0) return { requeueAfterMs: Math.min(waitMs, periodMs) };

      const place = placeFingerprint(location);
      const before = missingBefore.get(key.name);
      missingBefore.set(key.name, {
        place,
        uids: await synchronize(
          location,
          place,
          before?.place === place ? before.uids : new Set(),
          context,
        ),
      });
      await client.patch(
        veleroTypes.backupStorageLocations,
        key,
        {
          contentType: 'merge',
          body: { status: { lastSyncedTime: rfc3339(clock.now()) } },
        },
        { signal },
      );
      return { requeueAfterMs: periodMs };
    },
  };
}

/** Returns the UIDs of Backups that this listing lacked. */
async function synchronize(
  location: BackupStorageLocation,
  fingerprint: string,
  missingBefore: ReadonlySet<string>,
  context: ControllerContext,
): Promise<ReadonlySet<string>> {
  const { client, signal, logger, namespace } = context;
  const name = location.metadata.name ?? '';
  const store = await context.openStore(location);
  // The cluster first: a backup that is finished in between is in the listing.
  const backups = await collect<Backup>(context, veleroTypes.backups);
  const listed = await store.listBackups({ signal });
  const decision = decideSync({
    listed,
    backups,
    location: name,
    fingerprint,
    missingBefore,
  });

  for (const backup of decision.unmarked) {
    const found = backup.metadata.name ?? '';
    const stored = await readable(store, found, context);
    if (!stored) continue;
    if (!isSameBackup(stored, backup)) {
      logger.warn(
        { location: name, backup: found },
        'The storage holds another backup under the name of a Backup of this cluster; neither is touched',
      );
      continue;
    }
    await client.patch(
      veleroTypes.backups,
      { namespace, name: backup.metadata.name ?? '' },
      {
        contentType: 'merge',
        body: {
          metadata: { annotations: { [storedInAnnotation]: fingerprint } },
        },
      },
      { signal },
    );
  }
  if (decision.unknown.length > 0) {
    const schedules = await collect<Schedule>(context, veleroTypes.schedules);
    const scheduleUids = new Set(
      schedules.map(schedule => schedule.metadata.uid ?? ''),
    );
    for (const found of decision.unknown) {
      try {
        await bringIn(found, store, context, {
          location,
          fingerprint,
          scheduleUids,
        });
      } catch (error) {
        signal.throwIfAborted();
        logger.warn(
          { location: name, backup: found, error: (error as Error).message },
          'A backup in storage could not be brought into the cluster',
        );
      }
    }
  }
  await removeOrphans(decision.orphans, store, context);
  await bringInRepositories(location, store, context);
  return decision.missing;
}

/** The metadata of a backup; what cannot be used is told, and counts as missing. */
async function readable(
  store: BackupStore,
  backup: string,
  context: ControllerContext,
): Promise<Backup | undefined> {
  try {
    return await store.getMetadata(backup, { signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    context.logger.warn(
      { location: store.locationName, backup, error: (error as Error).message },
      'The metadata of a backup in storage cannot be read',
    );
    return undefined;
  }
}

async function bringIn(
  name: string,
  store: BackupStore,
  context: ControllerContext,
  options: {
    location: BackupStorageLocation;
    fingerprint: string;
    scheduleUids: ReadonlySet<string>;
  },
): Promise<void> {
  const { client, config, namespace, signal, logger } = context;
  const stored = await store.getMetadata(name, { signal });
  // A directory without metadata: a backup on its way, or one cut short.
  if (!stored) return;
  const phase = stored.status?.phase ?? '';
  if (!config.sync.phases.includes(phase)) return;
  let created: Backup;
  try {
    created = await client.create<Backup>(
      veleroTypes.backups,
      importedBackup(stored, { namespace, ...options }),
      { signal },
    );
  } catch (error) {
    if (isAlreadyExists(error)) return;
    throw error;
  }
  logger.info(
    { backup: name, location: store.locationName },
    'A backup found in storage was brought into the cluster',
  );
  await bringInPodVolumes(created, store, context);
}

async function bringInPodVolumes(
  backup: Backup,
  store: BackupStore,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal, logger } = context;
  const name = backup.metadata.name ?? '';
  const volumes = await store.getBackupJson<PodVolumeBackup[] | null>(
    name,
    'podVolumeBackups',
    { signal },
  );
  for (const volume of volumes ?? []) {
    // One that never ended would be taken for work to do.
    if (!isTerminalDataPathPhase(volume.status?.phase)) continue;
    try {
      await client.create<PodVolumeBackup>(
        veleroTypes.podVolumeBackups,
        {
          // Velero leaves these out of its list.
          apiVersion: 'velero.io/v1',
          kind: 'PodVolumeBackup',
          metadata: {
            name: volume.metadata.name,
            namespace,
            labels: {
              ...volume.metadata.labels,
              [veleroLabels.backupName]: validLabelValue(name),
              [veleroLabels.backupUid]: backup.metadata.uid ?? '',
            },
            ...(volume.metadata.annotations
              ? { annotations: volume.metadata.annotations }
              : {}),
            ownerReferences: [
              {
                apiVersion: 'velero.io/v1',
                kind: 'Backup',
                name,
                uid: backup.metadata.uid ?? '',
                controller: true,
              },
            ],
          },
          spec: { ...volume.spec, backupStorageLocation: store.locationName },
          ...(volume.status ? { status: volume.status } : {}),
        },
        { signal },
      );
    } catch (error) {
      if (isAlreadyExists(error)) continue;
      if (!isInvalid(error)) throw error;
      logger.warn(
        { backup: name, error: (error as Error).message },
        'A PodVolumeBackup found in storage was refused',
      );
    }
  }
}

/**
 * Repositories that another cluster or Velero wrote get their resource: whether they can be opened is known before a restore needs
 * them, and whoever owns the location maintains them.
 */
async function bringInRepositories(
  location: BackupStorageLocation,
  store: BackupStore,
  context: ControllerContext,
): Promise<void> {
  const known = context
    .cacheOf<BackupRepository>(veleroTypes.backupRepositories)
    .list();
  for (const volumeNamespace of await storedRepositories(
    store,
    context.signal,
  )) {
    const key = { location: location.metadata.name ?? '', volumeNamespace };
    if (known.some(repository => isRepository(repository, key))) continue;
    // One that is about to be made by another must not be made by us, with another password.
    if (
      await isRepositoryStored(
        context,
        location,
        volumeNamespace,
        context.signal,
      )
    ) {
      await demandRepository(context, key);
    }
  }
}

async function removeOrphans(
  orphans: readonly Backup[],
  store: BackupStore,
  context: ControllerContext,
): Promise<void> {
  const { client, namespace, signal, logger } = context;
  for (const backup of orphans) {
    const name = backup.metadata.name ?? '';
    if (await store.exists(name, { signal })) continue;
    await client.delete(
      veleroTypes.backups,
      { namespace, name },
      {
        preconditions: {
          uid: backup.metadata.uid,
          resourceVersion: backup.metadata.resourceVersion,
        },
        signal,
      },
    );
    logger.info(
      { backup: name, location: store.locationName },
      'A Backup was removed, because its storage is gone',
    );
  }
}

async function collect<T extends Backup | Schedule>(
  context: ControllerContext,
  type: typeof veleroTypes.backups,
): Promise<T[]> {
  const objects: T[] = [];
  for await (const object of context.client.list<T>(type, {
    namespace: context.namespace,
    signal: context.signal,
  })) {
    objects.push(object);
  }
  return objects;
}
