import {
  maintenanceParameters,
  setMaintenanceParameters,
  veleroRepositoryState,
  type Repository,
} from '@lifeboat/kopia';
import type { VolumeRepository } from '@lifeboat/data-mover';
import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import type { ControllerContext } from '../controllers/Controller';
import { claimLocation } from '../controllers/locationOwnership';
import { useRepository } from './openRepository';
import {
  passwordForNew,
  readPassword,
  type RepositoryPassword,
} from './passwords';
import { installationPasswordSecret } from './repositorySecrets';
import { isRepositoryStored, storedRepositories } from './storedRepositories';
import {
  describeRepository,
  importHint,
  UnknownPasswordError,
  useKnownRepository,
} from './useKnownRepository';

/** Whether a repository can be used, and with which password. */
export type Connection =
  | { phase: 'Ready'; passwordSecret: string; created: boolean }
  | { phase: 'NotReady'; message: string };

interface ConnectOptions {
  /** Makes the repository where the storage has none. */
  mayCreate: boolean;
  /** Looks into the repository while it is open. */
  inspect?(repository: Repository): void;
}

const timeoutMs = 120_000;
const hourInNanoseconds = 3600 * 1_000_000_000;

/** By `spec.repositoryConfig.fullMaintenanceInterval` (Velero: backup repository configuration). */
const namedIntervals: { [name: string]: number } = {
  normalGC: 24,
  fastGC: 12,
  eagerGC: 6,
};

/**
 * Opens a repository with the passwords that are known, or makes it, and says in words why that is not possible. Nothing of it
 * stays open.
 */
export async function connectRepository(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  options: ConnectOptions,
): Promise<Connection> {
  try {
    return await connect(context, repository, location, options);
  } catch (error) {
    context.signal.throwIfAborted();
    return {
      phase: 'NotReady',
      message: `${upperFirst(
        describeRepository(repository),
      )} cannot be opened: ${(error as Error).message}`,
    };
  }
}

async function connect(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  options: ConnectOptions,
): Promise<Connection> {
  const { volumeNamespace } = repository.spec;
  const signal = AbortSignal.any([
    context.signal,
    AbortSignal.timeout(timeoutMs),
  ]);
  const store = await context.openStore(location);
  const stored = await storedRepositories(store, signal);
  const isStored =
    stored.includes(volumeNamespace) &&
    (await isRepositoryStored(context, location, volumeNamespace, signal));
  if (isStored) return open(context, repository, location, options);
  const refusal = await creationProblem(
    context,
    repository,
    location,
    stored.filter(namespace => namespace !== volumeNamespace),
    options,
  );
  if (refusal) return { phase: 'NotReady', message: refusal };
  context.beforeWrite();
  const password = await passwordForNew(
    repository,
    context.config.repositories.password,
    context,
  );
  return useRepository(
    context,
    {
      location,
      volumeNamespace,
      password: password.value,
      create: true,
      timeoutMs,
    },
    async (opened, openSignal) =>
      examine(context, repository, location, {
        ...options,
        opened,
        password,
        signal: openSignal,
      }),
  );
}

/** Why a repository that is missing must not be made. */
async function creationProblem(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  others: readonly string[],
  { mayCreate }: ConnectOptions,
): Promise<string | undefined> {
  const name = upperFirst(describeRepository(repository));
  if (!mayCreate) return `${name} does not exist in the storage`;
  if (location.spec.accessMode === 'ReadOnly') {
    return `${name} does not exist, and the location is read-only`;
  }
  if (
    others.length > 0 &&
    context.config.repositories.password === 'installation' &&
    !(await readPassword(installationPasswordSecret, context))
  ) {
    return `${name} is not made: the location holds repositories already (of ${some(
      others,
    )}), and Secret ${installationPasswordSecret} with their password does not exist. ${importHint}`;
  }
  return undefined;
}

async function open(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  options: ConnectOptions,
): Promise<Connection> {
  try {
    return await useKnownRepository(
      context,
      repository,
      location,
      (opened, password, signal) =>
        examine(context, repository, location, {
          ...options,
          opened,
          password,
          signal,
        }),
    );
  } catch (error) {
    if (!(error instanceof UnknownPasswordError)) throw error;
    return { phase: 'NotReady', message: error.message };
  }
}

/** The last checks of an open repository, and what is set in it. */
async function examine(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  options: ConnectOptions & {
    opened: VolumeRepository;
    password: RepositoryPassword;
    signal: AbortSignal;
  },
): Promise<Connection> {
  const { opened, password, signal } = options;
  const name = upperFirst(describeRepository(repository));
  if ((await veleroRepositoryState(opened.repository, signal)) === 'foreign') {
    return {
      phase: 'NotReady',
      message: `${name} is damaged: its blob udmrepo.Repository belongs to another repository`,
    };
  }
  options.inspect?.(opened.repository);
  if (location.spec.accessMode !== 'ReadOnly') {
    await setFullInterval(context, repository, location, opened, signal);
  }
  return {
    phase: 'Ready',
    passwordSecret: password.secret,
    created: opened.created,
  };
}

/** The cluster that maintains a location decides how often its repositories are cleaned up. */
async function setFullInterval(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
  { repository: opened }: VolumeRepository,
  signal: AbortSignal,
): Promise<void> {
  const wanted =
    fullIntervalHours(repository, context.config) * hourInNanoseconds;
  const parameters = maintenanceParameters(opened);
  if (!parameters || parameters.full.interval === wanted) return;
  const owner = await claimLocation(await context.openStore(location), context);
  if (!owner.ours) return;
  context.beforeWrite();
  setMaintenanceParameters(opened, {
    ...parameters,
    full: { ...parameters.full, interval: wanted },
  });
  await opened.flush(signal);
}

function fullIntervalHours(
  { spec }: BackupRepository,
  config: ControllerContext['config'],
): number {
  const named = spec.repositoryConfig?.fullMaintenanceInterval ?? '';
  return (
    namedIntervals[named] ?? config.repositories.maintenance.fullIntervalHours
  );
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and others` : shown;
}

function upperFirst(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
