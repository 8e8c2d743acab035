import { veleroLabels } from '@lifeboat/velero-api';
import type { ApiObject } from '../../cluster/KubernetesObject';
import type { DataPathObject } from './DataPathObject';

/** Label on everything temporary: the UID of the resource that it was made for. */
export const ownerUidLabel = 'lifeboat.dev/owner-uid';

const prefixes = {
  DataUpload: 'du',
  DataDownload: 'dd',
  PodVolumeBackup: 'pvb',
  PodVolumeRestore: 'pvr',
} as const;

const ownerLabels = {
  DataUpload: veleroLabels.dataUpload,
  DataDownload: veleroLabels.dataDownload,
  PodVolumeBackup: veleroLabels.podVolumeBackup,
  PodVolumeRestore: veleroLabels.podVolumeRestore,
} as const;

const podGroups = {
  DataUpload: 'snapshot-exposer',
  DataDownload: 'generic-restore-exposer',
  PodVolumeBackup: 'pod-volume-exposer',
  PodVolumeRestore: 'pod-volume-exposer',
} as const;

/**
 * The name of everything temporary that is made for a resource. It comes from the UID, so that an engine that starts again finds
 * what an earlier one made, and a resource of the same name later gets its own.
 */
export function temporaryName(owner: DataPathObject): string {
  return `${prefixes[owner.kind]}-${owner.metadata.uid}`;
}

/** Labels of everything temporary (Velero's and ours). */
export function temporaryLabels(owner: DataPathObject): {
  [key: string]: string;
} {
  const name = owner.metadata.name ?? '';
  return {
    'app.kubernetes.io/managed-by': 'lifeboat',
    [ownerUidLabel]: owner.metadata.uid ?? '',
    [ownerLabels[owner.kind]]: name.length <= 63 ? name : name.slice(0, 63),
  };
}

/** The label by which mover pods spread over nodes (Velero: exposer pod group). */
export function podGroup(owner: DataPathObject): string {
  return podGroups[owner.kind];
}

/** What has to go when its owner goes, by Kubernetes' own garbage collection. */
export function ownerReference(owner: DataPathObject) {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
  };
}

/** The UID of the resource for which something temporary was made; undefined for other objects. */
export function ownerUid(object: ApiObject): string | undefined {
  return object.metadata.labels?.[ownerUidLabel];
}
