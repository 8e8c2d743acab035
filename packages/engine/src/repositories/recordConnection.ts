import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import { veleroTypes } from '../cluster/knownTypes';
import type { ControllerContext } from '../controllers/Controller';
import { rfc3339 } from '../controllers/rfc3339';
import { checkedLocation, checkedLocationAnnotation } from './checkedLocation';
import type { Connection } from './connectRepository';
import { passwordSecretAnnotation } from './repositorySecrets';

/** Writes what came of opening a repository into its resource (Velero: phases of a backup repository). */
export async function recordConnection(
  context: Pick<
    ControllerContext,
    'client' | 'namespace' | 'signal' | 'clock' | 'logger'
  >,
  repository: BackupRepository,
  location: BackupStorageLocation,
  connection: Connection,
): Promise<BackupRepository> {
  const { client, namespace, signal, clock, logger } = context;
  const name = repository.metadata.name ?? '';
  const { annotations } = repository.metadata;
  const message = connection.phase === 'NotReady' ? connection.message : null;
  const checked = checkedLocation(location);
  const secret =
    connection.phase === 'Ready' ? connection.passwordSecret : undefined;
  if (
    repository.status?.phase === connection.phase &&
    (repository.status.message ?? null) === message &&
    annotations?.[checkedLocationAnnotation] === checked &&
    (!secret || annotations?.[passwordSecretAnnotation] === secret)
  ) {
    return repository;
  }
  logger[message ? 'warn' : 'info'](
    {
      repository: name,
      phase: connection.phase,
      ...(message ? { reason: message } : {}),
    },
    'Repository checked',
  );
  return client.patch<BackupRepository>(
    veleroTypes.backupRepositories,
    { namespace, name },
    {
      contentType: 'merge',
      body: {
        metadata: {
          annotations: {
            [checkedLocationAnnotation]: checked,
            ...(secret && { [passwordSecretAnnotation]: secret }),
          },
        },
        status: {
          phase: connection.phase,
          message,
          // The first maintenance is due one period from now (Velero: the same).
          ...(connection.phase === 'Ready' &&
            !repository.status?.lastMaintenanceTime && {
              lastMaintenanceTime: rfc3339(clock.now()),
            }),
        },
      },
    },
    { signal },
  );
}
