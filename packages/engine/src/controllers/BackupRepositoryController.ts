import {
  validLabelValue,
  veleroLabels,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import {
  checkedLocation,
  checkedLocationAnnotation,
  checkRequestedAnnotation,
} from '../repositories/checkedLocation';
import { connectRepository } from '../repositories/connectRepository';
import { maintainRepository } from '../repositories/maintenance/maintainRepository';
import { recordConnection } from '../repositories/recordConnection';
import { isRepositoryStored } from '../repositories/storedRepositories';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
} from './Controller';

const stillThereEveryMs = 5 * 60 * 1000;
const firstRetryMs = 5_000;
const lastRetryMs = 60_000;

/** What this process knows of its last look into a repository. */
interface Check {
  /** By the monotonic clock. */
  at: number;
  failures: number;
  location: string;
  requested: string | undefined;
}

/**
 * Connects to the repositories of volume data or makes them, and has them maintained (Velero: backup repository controller).
 * Opened again are those whose location was changed, those that could not be used, and those that somebody asked for.
 */
export function createBackupRepositoryController(): Controller {
  const checks = new Map<string, Check>();

  return {
    name: 'backup-repository',
    type: veleroTypes.backupRepositories,
    concurrency: () => 2,
    triggers: [
      {
        type: veleroTypes.backupStorageLocations,
        keys: (location, context) =>
          repositoriesWhere(
            context,
            ({ spec }) => spec.backupStorageLocation === location.metadata.name,
          ),
      },
      {
        type: coreTypes.jobs,
        keys: (job, context) => {
          const label = job.metadata.labels?.[veleroLabels.repositoryName];
          if (label === undefined) return [];
          return repositoriesWhere(
            context,
            ({ metadata }) => validLabelValue(metadata.name ?? '') === label,
          );
        },
      },
    ],

    async reconcile(key, context): Promise<void | Requeue> {
      const { client, namespace, signal } = context;
      const repository = await client.get<BackupRepository>(
        veleroTypes.backupRepositories,
        key,
        { signal },
      );
      if (!repository || repository.metadata.deletionTimestamp)
        return undefined;
      if (repository.spec.repositoryType === 'restic') return undefined;
      const location = await client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace, name: repository.spec.backupStorageLocation },
        { signal },
      );
      if (!location) {
        await setMissingLocation(repository, context);
        return undefined;
      }
      // Its message says what is wrong; a location that becomes available is an event of its own.
      if (location.status?.phase !== 'Available') return undefined;

      const uid = repository.metadata.uid ?? '';
      const checkedBefore = checks.get(uid);
      const wait = checkWaitMs(repository, location, checkedBefore, context);
      if (wait > 0 && repository.status?.phase !== 'Ready') {
        return { requeueAfterMs: wait };
      }
      if (
        wait > 0 ||
        (await isUnchanged(repository, location, checkedBefore, context))
      ) {
        if (wait <= 0) {
          checks.set(uid, newCheck(repository, location, 0, context));
        }
        const next = await maintainRepository(context, repository, location);
        return { requeueAfterMs: Math.min(next, stillThereEveryMs) };
      }
      const connection = await connectRepository(
        context,
        repository,
        location,
        {
          mayCreate: true,
        },
      );
      const failures =
        connection.phase === 'Ready' ? 0 : (checkedBefore?.failures ?? 0) + 1;
      checks.set(uid, newCheck(repository, location, failures, context));
      const recorded = await recordConnection(
        context,
        repository,
        location,
        connection,
      );
      if (connection.phase === 'NotReady') {
        return { requeueAfterMs: retryMs(failures) };
      }
      const next = await maintainRepository(context, recorded, location);
      return { requeueAfterMs: Math.min(next, stillThereEveryMs) };
    },
  };
}

/** How long the repository need not be looked into; 0 or less: now. */
function checkWaitMs(
  repository: BackupRepository,
  location: BackupStorageLocation,
  check: Check | undefined,
  { clock }: ControllerContext,
): number {
  const { annotations } = repository.metadata;
  if (
    !check ||
    check.location !== checkedLocation(location) ||
    check.requested !== annotations?.[checkRequestedAnnotation]
  ) {
    return 0;
  }
  const { phase } = repository.status ?? {};
  if (phase !== 'Ready' && phase !== 'NotReady') return 0;
  const interval =
    phase === 'Ready' ? stillThereEveryMs : retryMs(check.failures);
  return check.at + interval - clock.monotonic();
}

/**
 * Whether a repository that was ready still is, as far as it can be told without opening it: nobody asked for it, its location is
 * the same, and it is there.
 */
async function isUnchanged(
  repository: BackupRepository,
  location: BackupStorageLocation,
  check: Check | undefined,
  context: ControllerContext,
): Promise<boolean> {
  const { annotations } = repository.metadata;
  if (
    repository.status?.phase !== 'Ready' ||
    annotations?.[checkedLocationAnnotation] !== checkedLocation(location) ||
    (check && check.requested !== annotations[checkRequestedAnnotation])
  ) {
    return false;
  }
  try {
    return await isRepositoryStored(
      context,
      location,
      repository.spec.volumeNamespace,
      AbortSignal.any([context.signal, AbortSignal.timeout(30_000)]),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    return false;
  }
}

function newCheck(
  repository: BackupRepository,
  location: BackupStorageLocation,
  failures: number,
  { clock }: ControllerContext,
): Check {
  return {
    at: clock.monotonic(),
    failures,
    location: checkedLocation(location),
    requested: repository.metadata.annotations?.[checkRequestedAnnotation],
  };
}

function retryMs(failures: number): number {
  return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.max(0, failures - 1));
}

function repositoriesWhere(
  context: ControllerContext,
  matches: (repository: BackupRepository) => boolean,
): ObjectKey[] {
  return context
    .cacheOf<BackupRepository>(veleroTypes.backupRepositories)
    .list()
    .filter(matches)
    .map(({ metadata }) => ({
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
    }));
}

async function setMissingLocation(
  repository: BackupRepository,
  { client, namespace, signal }: ControllerContext,
): Promise<void> {
  const message = `Storage location ${repository.spec.backupStorageLocation} does not exist`;
  if (repository.status?.message === message) return;
  await client.patch(
    veleroTypes.backupRepositories,
    { namespace, name: repository.metadata.name ?? '' },
    { contentType: 'merge', body: { status: { phase: 'NotReady', message } } },
    { signal },
  );
}
