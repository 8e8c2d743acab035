import { sha256 } from '@noble/hashes/sha2';
import { sha3_224 as sha3224 } from '@noble/hashes/sha3';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/**
 * Labels that Velero writes or reads.
 *
 * @public
 */
export const veleroLabels = {
  backupName: 'velero.io/backup-name',
  backupUid: 'velero.io/backup-uid',
  restoreName: 'velero.io/restore-name',
  restoreUid: 'velero.io/restore-uid',
  scheduleName: 'velero.io/schedule-name',
  storageLocation: 'velero.io/storage-location',
  volumeNamespace: 'velero.io/volume-namespace',
  repositoryType: 'velero.io/repository-type',
  repositoryName: 'velero.io/repo-name',
  podUid: 'velero.io/pod-uid',
  pvcUid: 'velero.io/pvc-uid',
  dataUpload: 'velero.io/data-upload',
  dataDownload: 'velero.io/data-download',
  podVolumeBackup: 'velero.io/pod-volume-backup',
  podVolumeRestore: 'velero.io/pod-volume-restore',
  dataUploadSnapshotInfo: 'velero.io/data-upload-snapshot-info',
  asyncOperationId: 'velero.io/async-operation-id',
  pvcNamespaceName: 'velero.io/pvc-namespace-name',
  resourceUsage: 'velero.io/resource-usage',
  excludeFromBackup: 'velero.io/exclude-from-backup',
  volumeGroup: 'velero.io/volume-group',
  volumeSnapshotName: 'velero.io/volume-snapshot-name',
  volumeSnapshotClass: 'velero.io/csi-volumesnapshot-class',
  volumeGroupSnapshotClass: 'velero.io/csi-volumegroupsnapshot-class',
  dynamicPvRestore: 'velero.io/dynamic-pv-restore',
  gcFailure: 'velero.io/gc-failure',
  exposeOnGoing: 'velero.io/expose-on-going',
  exposerPodGroup: 'velero.io/exposer-pod-group',
} as const;

/**
 * Annotations that Velero writes or reads.
 *
 * @public
 */
export const veleroAnnotations = {
  sourceClusterGitVersion: 'velero.io/source-cluster-k8s-gitversion',
  sourceClusterMajorVersion: 'velero.io/source-cluster-k8s-major-version',
  sourceClusterMinorVersion: 'velero.io/source-cluster-k8s-minor-version',
  resourceTimeout: 'velero.io/resource-timeout',
  podVolumeTimeout: 'velero.io/pod-volume-timeout',
  backupVolumes: 'backup.velero.io/backup-volumes',
  backupVolumesExcludes: 'backup.velero.io/backup-volumes-excludes',
  mustIncludeAdditionalItems: 'backup.velero.io/must-include-additional-items',
  skippedNoCsiPv: 'backup.velero.io/skipped-no-csi-pv',
  skipFromBackup: 'velero.io/skip-from-backup',
  volumeSnapshotName: 'velero.io/volume-snapshot-name',
  dataUploadName: 'velero.io/data-upload-name',
  volumeSnapshotHandle: 'velero.io/csi-volumesnapshot-handle',
  csiDriverName: 'velero.io/csi-driver-name',
  volumeSnapshotRestoreSize: 'velero.io/csi-volumesnapshot-restore-size',
  volumeSnapshotContentDeletionPolicy: 'velero.io/csi-vsc-deletion-policy',
  volumeGroupSnapshotHandle: 'velero.io/csi-volumegroupsnapshot-handle',
  /** On a PVC; on a Backup it is a prefix followed by `_` and the driver. */
  volumeSnapshotClass: 'velero.io/csi-volumesnapshot-class',
  /** On a PVC. Spelled unlike the label of VolumeGroupSnapshotClasses. */
  volumeGroupSnapshotClass: 'velero.io/csi-volume-group-snapshot-class',
  /** On a Backup, followed by `_` and the driver. */
  volumeGroupSnapshotClassPrefix: 'velero.io/csi-volumegroupsnapshot-class',
  snapshotterSecretName: 'csi.storage.k8s.io/snapshotter-secret-name',
  snapshotterSecretNamespace: 'csi.storage.k8s.io/snapshotter-secret-namespace',
  snapshotterListSecretName: 'csi.storage.k8s.io/snapshotter-list-secret-name',
  snapshotterListSecretNamespace:
    'csi.storage.k8s.io/snapshotter-list-secret-namespace',
  originalPvName: 'velero.io/original-pv-name',
  restoreStatus: 'velero.io/restore-status',
  pvcName: 'velero.io/pvc-name',
} as const;

/**
 * Finalizers that Velero sets.
 *
 * @public
 */
export const veleroFinalizers = {
  restoreExternalResources: 'restores.velero.io/external-resources-finalizer',
  dataUploadDownload: 'velero.io/data-upload-download-finalizer',
  podVolume: 'velero.io/pod-volume-finalizer',
} as const;

/**
 * Values of the label `velero.io/gc-failure`.
 *
 * @public
 */
export const gcFailureReasons = {
  locationNotFound: 'BSLNotFound',
  locationCannotGet: 'BSLCannotGet',
  locationReadOnly: 'BSLReadOnly',
} as const;

/**
 * Annotations of Lifeboat.
 *
 * @public
 */
export const lifeboatAnnotations = {
  /** On a Namespace: which catalog entities may be backed up from it. */
  consent: 'lifeboat.dev/entities',
  /** On a Backup, Restore or Schedule: what it may see, as JSON (see {@link BackupScope}). */
  scope: 'lifeboat.dev/scope',
  /** On a Backup, Restore or Schedule: entity ref of the user. A hint for display. */
  requestedBy: 'lifeboat.dev/requested-by',
  /** On a Backup: what a user wrote about it. */
  note: 'lifeboat.dev/note',
  /** On the engine's Lease: what the engine does, as JSON. */
  engineState: 'lifeboat.dev/engine-state',
  /** On a Namespace that the engine made: the Restore that it was made for. */
  createdBy: 'lifeboat.dev/created-by',
  /** On a Backup, value `true`: also take what the selected objects need (claims, configuration, accounts, services). */
  relatedItems: 'lifeboat.dev/related-items',
  /** On a Backup: how many volumes its objects have and how many have their data in it, as JSON (see {@link VolumeCounts}). */
  volumes: 'lifeboat.dev/volumes',
  /** On a Restore, value `existing-claims`: claims that are there get their content back too, on new volumes. */
  restoreData: 'lifeboat.dev/restore-data',
  /** On a Restore: what restoring content into existing claims has stopped and exchanged, as JSON. */
  inPlaceState: 'lifeboat.dev/in-place-state',
  /** On a Restore: what becomes of the content of volumes, as JSON. */
  restoreVolumes: 'lifeboat.dev/restore-volumes',
  /** On a Restore: commands still to be run in restored pods, as JSON. */
  restoreHooks: 'lifeboat.dev/restore-hooks',
  /**
   * On a Restore that gave claims new volumes: `requested` asks for the old ones. The engine says in it what has become of that:
   * `running`, `done`, `refused` or `failed`.
   */
  undo: 'lifeboat.dev/undo',
  /** On such a Restore: the same for people. */
  undoMessage: 'lifeboat.dev/undo-message',
  /** On a PersistentVolume that a restore in place has replaced: until when it is kept, RFC 3339. */
  undoUntil: 'lifeboat.dev/undo-until',
  /** On such a PersistentVolume: its reclaim policy before. */
  undoPolicy: 'lifeboat.dev/undo-policy',
  /** On such a PersistentVolume: the claim that it belonged to, `namespace/name`. */
  undoClaim: 'lifeboat.dev/undo-claim',
  /** On such a PersistentVolume: the Restore that replaced it. */
  undoRestore: 'lifeboat.dev/undo-restore',
} as const;

/**
 * Labels of Lifeboat.
 *
 * @public
 */
export const lifeboatLabels = {
  /** On a Backup, Restore or Schedule: {@link entityLabelValue} of its entity. For finding only; the scope decides. */
  entity: 'lifeboat.dev/entity',
  /** On a Namespace, value `true`: served by Lifeboat; the admission policies of `deploy/` look at it. */
  served: 'lifeboat.dev/served',
} as const;

const maximumLabelLength = 63;

/**
 * A text as a label value: unchanged up to 63 characters, else its first 57 characters and the first 6 hex digits of its
 * SHA-256. Velero: `GetValidName`; a text that has characters forbidden in labels stays as it is.
 *
 * @public
 */
export function validLabelValue(value: string): string {
  const bytes = utf8ToBytes(value);
  if (bytes.length <= maximumLabelLength) {
    return value;
  }
  const kept = new TextDecoder().decode(bytes.slice(0, maximumLabelLength - 6));
  return kept + bytesToHex(sha256(bytes)).slice(0, 6);
}

/**
 * A name, or when it is longer than 63 characters its SHA3-224 in hex. Velero: `ReturnNameOrHash`.
 *
 * @public
 */
export function nameOrHash(name: string): string {
  const bytes = utf8ToBytes(name);
  return bytes.length <= maximumLabelLength ? name : bytesToHex(sha3224(bytes));
}

/**
 * The value of the label `lifeboat.dev/entity` for a catalog entity: hex digits of the SHA-256 of its lower-case entity ref,
 * because entity refs have characters and lengths that labels do not allow.
 *
 * @public
 */
export function entityLabelValue(entityRef: string): string {
  return bytesToHex(
    sha256(utf8ToBytes(entityRef.toLocaleLowerCase('en-US'))),
  ).slice(0, 40);
}
