import {
  Backup,
  DataUpload,
  isWildcard,
  PodVolumeBackup,
  veleroLabels,
} from '@lifeboat/velero-api';
import { isNotFound } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ResourceTypeRef } from '../../cluster/ResourceType';
import { removeSnapshotsOf } from '../../volumes/snapshot/removeSnapshots';
import { isEnded } from './operations';

interface Options {
  client: ClusterClient;
  signal: AbortSignal;
}

/** What moves the data of backups. */
export const dataPathTypes = [
  veleroTypes.dataUploads,
  veleroTypes.podVolumeBackups,
];

/** Asks everything that moves data for a backup to end. @returns how many have not ended yet */
export async function cancelDataPaths(
  backup: Backup,
  { client, signal }: Options,
  only: (name: string) => boolean = () => true,
): Promise<number> {
  let open = 0;
  for (const type of dataPathTypes) {
    for await (const object of client.list<DataUpload | PodVolumeBackup>(type, {
      namespace: backup.metadata.namespace,
      labelSelector: `${veleroLabels.backupUid}=${backup.metadata.uid}`,
      signal,
    })) {
      if (!isEnded(object) && only(object.metadata.name ?? '')) {
        open += 1;
        if (!object.spec.cancel) {
          await cancel(type, object, { client, signal });
        }
      }
    }
  }
  return open;
}

async function cancel(
  type: ResourceTypeRef,
  { metadata: { namespace, name = '' } }: DataUpload | PodVolumeBackup,
  { client, signal }: Options,
): Promise<void> {
  try {
    await client.patch(
      type,
      { namespace, name },
      { contentType: 'merge', body: { spec: { cancel: true } } },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}

/** Ends all data movement of a backup that failed and removes the snapshots that it made. */
export async function stopVolumes(
  backup: Backup,
  options: Options,
): Promise<void> {
  await cancelDataPaths(backup, options);
  await removeSnapshotsOf(
    backup.metadata.uid ?? '',
    snapshotNamespaces(backup),
    'Delete',
    options,
  );
}

/** The namespaces in which a backup may have made snapshots; undefined for all that there are. */
export function snapshotNamespaces({ spec }: Backup): string[] | undefined {
  const included = spec.includedNamespaces ?? [];
  const isNamed =
    included.length > 0 && !included.some(name => isWildcard(name));
  return isNamed ? included.filter(name => name !== '') : undefined;
}
