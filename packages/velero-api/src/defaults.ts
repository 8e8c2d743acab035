/**
 * Default values of Velero's server flags that matter to an engine, and of Lifeboat. Times in milliseconds.
 *
 * @public
 */
export const defaults = {
  /** Lifeboat follows OADP here; Velero's own default is `velero`. */
  namespace: 'openshift-adp',
  storageLocation: 'default',
  backupTtl: 720 * 3_600_000,
  itemOperationTimeout: 4 * 3_600_000,
  csiSnapshotTimeout: 10 * 60_000,
  resourceTimeout: 10 * 60_000,
  terminatingResourceTimeout: 10 * 60_000,
  fsBackupTimeout: 4 * 3_600_000,
  backupSyncPeriod: 60_000,
  storeValidationFrequency: 60_000,
  garbageCollectionFrequency: 3_600_000,
  itemOperationSyncFrequency: 10_000,
  repositoryMaintenanceFrequency: 3_600_000,
  hookTimeout: 30_000,
  clientPageSize: 500,
  concurrentBackups: 1,
  defaultVolumesToFsBackup: false,
  snapshotMoveData: false,
  volumeGroupSnapshotLabelKey: 'velero.io/volume-group',
  uploaderType: 'kopia',
  /** Written into `status.formatVersion` and into the tarball. */
  formatVersion: '1.1.0',
  /** Written into `status.version`. */
  version: 1,
  /** A DeleteBackupRequest that has ended is removed after this time. */
  deleteBackupRequestRetention: 24 * 3_600_000,
  downloadUrlLifetime: 10 * 60_000,
} as const;

/**
 * Types that a Restore never brings back; they are added to `excludedResources`, and naming one as included is an error.
 *
 * @public
 */
export const nonRestorableResources = [
  'nodes',
  'events',
  'events.events.k8s.io',
  'backups.velero.io',
  'restores.velero.io',
  'resticrepositories.velero.io',
  'csinodes.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'backuprepositories.velero.io',
] as const;

/**
 * Namespaced types that a Backup never lists; Velero writes them into the spec (CSI snapshots come in with their claims).
 *
 * @public
 */
export const autoExcludedNamespaceScopedResources = [
  'volumesnapshots.snapshot.storage.k8s.io',
] as const;

/**
 * Cluster-scoped types that a Backup never lists; Velero writes them into the spec.
 *
 * @public
 */
export const autoExcludedClusterScopedResources = [
  'volumesnapshotcontents.snapshot.storage.k8s.io',
] as const;
