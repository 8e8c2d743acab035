import {
  validLabelValue,
  veleroLabels,
  type BackupRepository,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../cluster/ClusterClient';
import { veleroTypes } from '../cluster/knownTypes';

/** Which repository: one per namespace and location. @public */
export interface RepositoryKey {
  /** Name of the BackupStorageLocation. */
  location: string;
  /** The namespace whose volumes are in it: the original one, also on restore. */
  volumeNamespace: string;
}

/** The usual name of the resource (Velero: backup repositories). @public */
export function repositoryName(key: RepositoryKey): string {
  return `${key.volumeNamespace}-${key.location}-kopia`;
}

/** The labels by which a repository's resource is found, whatever its name. */
export function repositoryLabels(key: RepositoryKey): Record<string, string> {
  return {
    [veleroLabels.volumeNamespace]: validLabelValue(key.volumeNamespace),
    [veleroLabels.storageLocation]: validLabelValue(key.location),
    [veleroLabels.repositoryType]: 'kopia',
  };
}

/** Whether a resource is that of a repository. */
export function isRepository(
  repository: BackupRepository,
  key: RepositoryKey,
): boolean {
  const { spec } = repository;
  return (
    spec.volumeNamespace === key.volumeNamespace &&
    spec.backupStorageLocation === key.location &&
    (spec.repositoryType ?? 'kopia') !== 'restic'
  );
}

/**
 * Finds the resource of a repository by its labels; of several, a ready one goes first, then the oldest.
 * @public
 */
export async function findRepository(
  options: { client: ClusterClient; namespace: string; signal: AbortSignal },
  key: RepositoryKey,
): Promise<BackupRepository | undefined> {
  const { client, namespace, signal } = options;
  const labelSelector = Object.entries(repositoryLabels(key))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const found: BackupRepository[] = [];
  for await (const repository of client.list<BackupRepository>(
    veleroTypes.backupRepositories,
    { namespace, labelSelector, signal },
  )) {
    if (isRepository(repository, key)) found.push(repository);
  }
  return found.sort(
    (a, b) =>
      Number(b.status?.phase === 'Ready') -
        Number(a.status?.phase === 'Ready') ||
      (a.metadata.creationTimestamp ?? '').localeCompare(
        b.metadata.creationTimestamp ?? '',
      ),
  )[0];
}
