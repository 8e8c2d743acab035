import {
  parseDurationOr,
  validateBackupStorageLocationSpec,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { veleroTypes } from '../cluster/knownTypes';
import { StorageError } from '../storage/ObjectStore';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
} from './Controller';
import { rfc3339 } from './rfc3339';
import { superfluousDefaults } from './storageLocations';

const checkTimeoutMs = 30_000;
const retryUnavailableMs = 20_000;
const sweepEveryMs = 6 * 3600 * 1000;

/**
 * Finds out whether a storage location can be used, and says why not (Velero:
 * BackupStorageLocation controller): the storage answers, and nothing lies at
 * its top that Velero would refuse.
 */
export function createBackupStorageLocationController(): Controller {
  // What was checked by this process; a changed spec is checked at once.
  const checkedSpecs = new Map<string, string>();
  const sweptAt = new Map<string, number>();

  return {
    name: 'backup-storage-location',
    type: veleroTypes.backupStorageLocations,
    concurrency: () => 4,

    async recover(context) {
      await markDefault(context);
    },

    async reconcile(key, context): Promise<void | Requeue> {
      const location = await context.client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        key,
        { signal: context.signal },
      );
      if (!location) return undefined;
      await keepOneDefault(context);

      const frequencyMs = parseDurationOr(
        location.spec.validationFrequency,
        context.config.validationSeconds * 1000,
      );
      if (frequencyMs === 0) return undefined;
      const uid = location.metadata.uid ?? '';
      const spec = JSON.stringify(location.spec);
      const last = Date.parse(location.status?.lastValidationTime ?? '') || 0;
      const intervalMs =
        location.status?.phase === 'Unavailable'
          ? Math.min(frequencyMs, retryUnavailableMs)
          : frequencyMs;
      const waitMs = last + intervalMs - context.clock.now();
      if (checkedSpecs.get(uid) === spec && waitMs > 0) {
        return { requeueAfterMs: waitMs };
      }
      const message = await problemOf(location, context);
      await patchStatus(key, location, message, context);
      checkedSpecs.set(uid, spec);
      if (!message && location.spec.accessMode !== 'ReadOnly') {
        const now = context.clock.monotonic();
        if (now - (sweptAt.get(uid) ?? -Infinity) > sweepEveryMs) {
          sweptAt.set(uid, now);
          await sweep(location, context);
        }
      }
      return {
        requeueAfterMs: message
          ? Math.min(frequencyMs, retryUnavailableMs)
          : frequencyMs,
      };
    },
  };
}

/** Why the location cannot be used; undefined when it can. */
async function problemOf(
  location: BackupStorageLocation,
  context: ControllerContext,
): Promise<string | undefined> {
  const invalid = validateBackupStorageLocationSpec(location.spec);
  if (invalid.length > 0) return invalid.join('; ');
  const signal = AbortSignal.any([
    context.signal,
    AbortSignal.timeout(checkTimeoutMs),
  ]);
  try {
    const directories = await before(signal, async () => {
      const store = await context.openStore(location);
      return store.invalidTopLevelDirectories({ signal });
    });
    if (directories.length === 0) return undefined;
    const named = directories.slice(0, 3).join(', ');
    return `Backup store contains invalid top-level directories: [${named}${
      directories.length > 3 ? ', …' : ''
    }]. Use another spec.objectStorage.prefix for backups, or move them away`;
  } catch (error) {
    context.signal.throwIfAborted();
    if (signal.aborted) {
      return `The storage did not answer within ${
        checkTimeoutMs / 1000
      } seconds: check its address and that it is reachable from where the engine runs`;
    }
    if (!(error instanceof StorageError)) {
      context.logger.warn(
        { location: location.metadata.name, error: String(error) },
        'A storage location could not be checked',
      );
    }
    return (error as Error).message;
  }
}

/** Does not wait longer than the signal lives: a dead network mount ignores it. */
async function before<T>(
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {
      once: true,
    });
    action().then(resolve, reject);
  });
}

async function patchStatus(
  key: ObjectKey,
  location: BackupStorageLocation,
  message: string | undefined,
  context: ControllerContext,
): Promise<void> {
  const phase = message ? 'Unavailable' : 'Available';
  if (
    location.status?.phase !== phase ||
    location.status?.message !== message
  ) {
    context.logger[message ? 'warn' : 'info'](
      { location: key.name, phase, ...(message ? { reason: message } : {}) },
      'Storage location checked',
    );
  }
  await context.client.patch(
    veleroTypes.backupStorageLocations,
    key,
    {
      contentType: 'merge',
      body: {
        status: {
          phase,
          message: message ?? null,
          lastValidationTime: rfc3339(context.clock.now()),
        },
      },
    },
    { signal: context.signal },
  );
}

/** What a killed engine left half-written; whoever may not remove it still makes backups. */
async function sweep(
  location: BackupStorageLocation,
  context: ControllerContext,
): Promise<void> {
  const signal = AbortSignal.any([
    context.signal,
    AbortSignal.timeout(checkTimeoutMs),
  ]);
  try {
    const store = await context.openStore(location);
    const removed = await before(
      signal,
      async () =>
        (await store.objects.sweep?.(store.keys.prefix, { signal })) ?? 0,
    );
    if (removed > 0) {
      context.logger.info(
        { location: location.metadata.name, removed },
        'Unfinished writes were removed from storage',
      );
    }
  } catch (error) {
    context.signal.throwIfAborted();
    context.logger.debug(
      { location: location.metadata.name, error: (error as Error).message },
      'Unfinished writes could not be looked for',
    );
  }
}

async function keepOneDefault(context: ControllerContext): Promise<void> {
  const locations = context
    .cacheOf<BackupStorageLocation>(veleroTypes.backupStorageLocations)
    .list();
  for (const location of superfluousDefaults(locations)) {
    context.logger.info(
      { location: location.metadata.name },
      'Another location is the default one now',
    );
    await context.client.patch(
      veleroTypes.backupStorageLocations,
      { namespace: context.namespace, name: location.metadata.name ?? '' },
      { contentType: 'merge', body: { spec: { default: false } } },
      { signal: context.signal },
    );
  }
}

/** As Velero at its start: without any default, the location with the configured name becomes it. */
async function markDefault(context: ControllerContext): Promise<void> {
  const locations = context
    .cacheOf<BackupStorageLocation>(veleroTypes.backupStorageLocations)
    .list();
  if (locations.some(location => location.spec.default)) return;
  const named = locations.find(
    location => location.metadata.name === context.config.defaultLocation,
  );
  if (!named) return;
  await context.client.patch(
    veleroTypes.backupStorageLocations,
    { namespace: context.namespace, name: context.config.defaultLocation },
    { contentType: 'merge', body: { spec: { default: true } } },
    { signal: context.signal },
  );
}
