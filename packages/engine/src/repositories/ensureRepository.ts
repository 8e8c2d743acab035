import { createHash } from 'node:crypto';
import {
  formatDuration,
  type BackupRepository,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { isAlreadyExists } from '../cluster/ApiError';
import { veleroTypes } from '../cluster/knownTypes';
import type { ControllerContext } from '../controllers/Controller';
import {
  findRepository,
  isRepository,
  repositoryLabels,
  repositoryName,
  type RepositoryKey,
} from './findRepository';
import { checkedLocation, checkedLocationAnnotation } from './checkedLocation';

type Context = Pick<
  ControllerContext,
  'client' | 'namespace' | 'signal' | 'config'
>;

/** Whether a repository can be used now. @public */
export type RepositoryReadiness =
  | { state: 'ready'; repository: BackupRepository }
  | { state: 'pending' | 'not-ready'; message: string };

/**
 * Asks for a repository: its resource is made when there is none, and its controller connects to it or creates it.
 *
 * @returns `pending` until the controller has looked at it; `not-ready` with the reason when it cannot be used at present
 * @public
 */
export async function ensureRepository(
  context: Context,
  key: RepositoryKey,
): Promise<RepositoryReadiness> {
  const { client, namespace, signal } = context;
  const location = await client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace, name: key.location },
    { signal },
  );
  if (!location) {
    return {
      state: 'not-ready',
      message: `Storage location ${key.location} does not exist`,
    };
  }
  return repositoryReadiness(await demandRepository(context, key), location);
}

/** What a repository's resource says about its readiness in a location. */
export function repositoryReadiness(
  repository: BackupRepository,
  location: BackupStorageLocation,
): RepositoryReadiness {
  const name = repository.metadata.name ?? '';
  const { phase, message } = repository.status ?? {};
  if (phase === 'NotReady') {
    return {
      state: 'not-ready',
      message: message || `Repository ${name} is not ready`,
    };
  }
  const checked = repository.metadata.annotations?.[checkedLocationAnnotation];
  return phase === 'Ready' && checked === checkedLocation(location)
    ? { state: 'ready', repository }
    : { state: 'pending', message: `Repository ${name} is being opened` };
}

/** The resource of a repository, made when there is none. */
export async function demandRepository(
  context: Context,
  key: RepositoryKey,
): Promise<BackupRepository> {
  const found = await findRepository(context, key);
  if (found) return found;
  const { client, namespace, signal, config } = context;
  const usual = repositoryName(key);
  // `a-b` in `c` and `a` in `b-c` have the same usual name; look-ups go by labels.
  const other = `${usual}-${createHash('sha256')
    .update(`${key.volumeNamespace}/${key.location}`)
    .digest('hex')
    .slice(0, 6)}`;
  for (const name of [usual, other]) {
    try {
      return await client.create<BackupRepository>(
        veleroTypes.backupRepositories,
        {
          apiVersion: 'velero.io/v1',
          kind: 'BackupRepository',
          metadata: { namespace, name, labels: repositoryLabels(key) },
          spec: {
            volumeNamespace: key.volumeNamespace,
            backupStorageLocation: key.location,
            repositoryType: 'kopia',
            maintenanceFrequency: formatDuration(
              config.repositories.maintenance.frequencySeconds * 1000,
            ),
          },
        },
        { signal },
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await client.get<BackupRepository>(
        veleroTypes.backupRepositories,
        { namespace, name },
        { signal },
      );
      if (existing && isRepository(existing, key)) return existing;
    }
  }
  throw new Error(
    `The names ${usual} and ${other} are taken by BackupRepositories of other namespaces`,
  );
}
