import type { ResourceTypeRef } from './ResourceType';

function namespaced(
  group: string,
  version: string,
  resource: string,
): ResourceTypeRef {
  return { group, version, resource, namespaced: true };
}

function clusterScoped(
  group: string,
  version: string,
  resource: string,
): ResourceTypeRef {
  return { group, version, resource, namespaced: false };
}

/** Built-in types that the engine asks for by name. @public */
export const coreTypes = {
  namespaces: clusterScoped('', 'v1', 'namespaces'),
  nodes: clusterScoped('', 'v1', 'nodes'),
  persistentVolumes: clusterScoped('', 'v1', 'persistentvolumes'),
  pods: namespaced('', 'v1', 'pods'),
  secrets: namespaced('', 'v1', 'secrets'),
  configMaps: namespaced('', 'v1', 'configmaps'),
  services: namespaced('', 'v1', 'services'),
  serviceAccounts: namespaced('', 'v1', 'serviceaccounts'),
  persistentVolumeClaims: namespaced('', 'v1', 'persistentvolumeclaims'),
  events: namespaced('', 'v1', 'events'),
  jobs: namespaced('batch', 'v1', 'jobs'),
  leases: namespaced('coordination.k8s.io', 'v1', 'leases'),
  customResourceDefinitions: clusterScoped(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
  ),
} as const;

/** Types about storage that every cluster has. @public */
export const storageTypes = {
  storageClasses: clusterScoped('storage.k8s.io', 'v1', 'storageclasses'),
  csiDrivers: clusterScoped('storage.k8s.io', 'v1', 'csidrivers'),
} as const;

/** Types of the CSI snapshot controller; not served where it is not installed. @public */
export const snapshotTypes = {
  volumeSnapshots: namespaced(
    'snapshot.storage.k8s.io',
    'v1',
    'volumesnapshots',
  ),
  volumeSnapshotContents: clusterScoped(
    'snapshot.storage.k8s.io',
    'v1',
    'volumesnapshotcontents',
  ),
  volumeSnapshotClasses: clusterScoped(
    'snapshot.storage.k8s.io',
    'v1',
    'volumesnapshotclasses',
  ),
} as const;

/** Velero's custom resources. @public */
export const veleroTypes = {
  backups: namespaced('velero.io', 'v1', 'backups'),
  restores: namespaced('velero.io', 'v1', 'restores'),
  schedules: namespaced('velero.io', 'v1', 'schedules'),
  backupStorageLocations: namespaced(
    'velero.io',
    'v1',
    'backupstoragelocations',
  ),
  volumeSnapshotLocations: namespaced(
    'velero.io',
    'v1',
    'volumesnapshotlocations',
  ),
  deleteBackupRequests: namespaced('velero.io', 'v1', 'deletebackuprequests'),
  downloadRequests: namespaced('velero.io', 'v1', 'downloadrequests'),
  serverStatusRequests: namespaced('velero.io', 'v1', 'serverstatusrequests'),
  podVolumeBackups: namespaced('velero.io', 'v1', 'podvolumebackups'),
  podVolumeRestores: namespaced('velero.io', 'v1', 'podvolumerestores'),
  backupRepositories: namespaced('velero.io', 'v1', 'backuprepositories'),
  dataUploads: namespaced('velero.io', 'v2alpha1', 'datauploads'),
  dataDownloads: namespaced('velero.io', 'v2alpha1', 'datadownloads'),
} as const;
