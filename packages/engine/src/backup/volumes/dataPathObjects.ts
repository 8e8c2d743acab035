import {
  Backup,
  BackupSpec,
  DataUpload,
  PodVolumeBackup,
  validLabelValue,
  veleroAnnotations,
  veleroLabels,
} from '@lifeboat/velero-api';
import type { PodFacts, PodVolumeFacts } from '../../volumes/decide/PodFacts';
import type { VolumeDecision } from '../../volumes/decide/VolumeDecision';
import {
  dataUploadName,
  dataUploadOperation,
  NamedBackup,
  podVolumeBackupName,
} from '../../volumes/snapshot/dataNames';
import type { CutSnapshot } from '../../volumes/snapshot/takeSnapshots';

/** On a DataUpload: the storage's name of the snapshot that it moves. */
export const snapshotHandleAnnotation = 'lifeboat.dev/snapshot-handle';

/** What names are derived from. */
export function named(backup: Backup): NamedBackup {
  return { name: backup.metadata.name ?? '', uid: backup.metadata.uid ?? '' };
}

function ownedBy(backup: Backup) {
  return [
    {
      apiVersion: backup.apiVersion,
      kind: backup.kind,
      name: backup.metadata.name ?? '',
      uid: backup.metadata.uid ?? '',
      controller: true,
    },
  ];
}

function labelsOf(backup: Backup): { [key: string]: string } {
  return {
    [veleroLabels.backupName]: validLabelValue(backup.metadata.name ?? ''),
    [veleroLabels.backupUid]: backup.metadata.uid ?? '',
  };
}

function uploaderSettings(
  spec: BackupSpec,
): { [key: string]: string } | undefined {
  const parallel = spec.uploaderConfig?.parallelFilesUpload;
  return parallel ? { ParallelFilesUpload: String(parallel) } : undefined;
}

/** The DataUpload that moves a claim's snapshot. Source: Velero `newDataUpload`. */
export function dataUploadOf(
  backup: Backup,
  claim: { namespace: string; name: string; uid: string },
  cut: CutSnapshot,
  chosen: NonNullable<VolumeDecision['snapshot']>,
): DataUpload {
  const { spec } = backup;
  const settings = uploaderSettings(spec);
  return {
    apiVersion: 'velero.io/v2alpha1',
    kind: 'DataUpload',
    metadata: {
      namespace: backup.metadata.namespace,
      name: dataUploadName(named(backup), claim.uid),
      labels: {
        ...labelsOf(backup),
        [veleroLabels.pvcUid]: claim.uid,
        [veleroLabels.asyncOperationId]: dataUploadOperation(
          named(backup),
          claim.uid,
        ),
      },
      annotations: { [snapshotHandleAnnotation]: cut.handle },
      ownerReferences: ownedBy(backup),
    },
    spec: {
      snapshotType: 'CSI',
      csiSnapshot: {
        volumeSnapshot: cut.name,
        storageClass: chosen.storageClass,
        snapshotClass: chosen.snapshotClass,
        driver: chosen.driver,
      },
      sourcePVC: claim.name,
      sourceNamespace: claim.namespace,
      backupStorageLocation: spec.storageLocation ?? '',
      ...(spec.datamover && { datamover: spec.datamover }),
      ...(settings && { dataMoverConfig: settings }),
      operationTimeout: spec.csiSnapshotTimeout ?? '10m0s',
    },
  };
}

/** The PodVolumeBackup that copies the files of a pod's volume. Source: Velero `newPodVolumeBackup`. */
export function podVolumeBackupOf(
  backup: Backup,
  pod: PodFacts,
  volume: PodVolumeFacts,
  claim: { name: string; uid: string } | undefined,
): PodVolumeBackup {
  const settings = uploaderSettings(backup.spec);
  return {
    apiVersion: 'velero.io/v1',
    kind: 'PodVolumeBackup',
    metadata: {
      namespace: backup.metadata.namespace,
      name: podVolumeBackupName(named(backup), pod.uid, volume.name),
      labels: {
        ...labelsOf(backup),
        ...(claim && { [veleroLabels.pvcUid]: claim.uid }),
      },
      ...(claim && {
        annotations: { [veleroAnnotations.pvcName]: claim.name },
      }),
      ownerReferences: ownedBy(backup),
    },
    spec: {
      node: pod.node ?? '',
      pod: {
        kind: 'Pod',
        namespace: pod.namespace,
        name: pod.name,
        uid: pod.uid,
      },
      volume: volume.name,
      backupStorageLocation: backup.spec.storageLocation ?? '',
      repoIdentifier: '',
      uploaderType: 'kopia',
      tags: {
        backup: backup.metadata.name ?? '',
        'backup-uid': backup.metadata.uid ?? '',
        pod: pod.name,
        'pod-uid': pod.uid,
        ns: pod.namespace,
        volume: volume.name,
        ...(claim && { 'pvc-uid': claim.uid }),
      },
      ...(settings && { uploaderSettings: settings }),
    },
  };
}
