import {
  type BackupVolumeInfo,
  type DataUpload,
  type NodeOS,
  type PodVolumeBackup,
  veleroAnnotations,
} from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { stringAt } from '../../backup/jsonPath';

/** A volume's content in the Kopia repository of a namespace. */
export interface RepositoryData {
  /** Kopia manifest ID. */
  snapshotID: string;
  /** The namespace whose repository holds it: the one that was backed up. */
  repositoryNamespace: string;
  /** Name of the BackupStorageLocation. */
  location: string;
  /** Bytes, where known. */
  size?: number;
  dataMover?: string;
  nodeOS?: NodeOS;
}

/** What a backup has in the repository of one namespace. */
export interface StoredContent {
  namespace: string;
  /** Name of the BackupStorageLocation. */
  location: string;
  /** Kopia manifest IDs. */
  snapshotIDs: string[];
}

/** Where the backup keeps the content of a claim. */
export type ClaimData =
  /** A DataUpload moved it into the repository. */
  | ({ kind: 'moved' } & RepositoryData)
  /** A PodVolumeBackup copied its files into the repository. */
  | ({ kind: 'files'; pod: string; volume: string } & RepositoryData)
  /** A CSI snapshot that stayed in the storage system. */
  | { kind: 'snapshot'; volumeSnapshot: string }
  /** The backup tried and did not get it; the reason is for people. */
  | { kind: 'lost'; reason: string }
  /** The backup does not have it. */
  | { kind: 'none' };

/** One volume of a pod whose files a PodVolumeBackup copied. */
export interface PodVolumeData extends RepositoryData {
  volume: string;
  /** The claim behind the volume; undefined for emptyDir and the like. */
  claim?: string;
  /** Name of the PodVolumeBackup. */
  record: string;
}

/** What a backup recorded about volume data. */
export interface VolumeRecordsInput {
  volumeInfo?: readonly BackupVolumeInfo[];
  /** From the tarball. */
  dataUploads?: readonly DataUpload[];
  podVolumeBackups?: readonly PodVolumeBackup[];
  /** Name of the backup's location in this cluster; records made elsewhere may know it by another. */
  location: string;
}

/**
 * Tells for each claim and pod of a backup where the content of its volumes is. Pure.
 *
 * Source: Velero, persistent volumes; `velero.io/dataupload`, `velero.io/csi-pvc-restorer`, `GetVolumeBackupsForPod`.
 */
export class VolumeRecords {
  private readonly uploads = new Map<string, DataUpload>();
  private readonly uploadsByClaim = new Map<string, DataUpload>();
  private readonly infoByClaim = new Map<string, BackupVolumeInfo>();
  private readonly filesByPod = new Map<string, PodVolumeBackup[]>();
  private readonly filesByClaim = new Map<string, PodVolumeBackup>();

  constructor(private readonly input: VolumeRecordsInput) {
    for (const upload of input.dataUploads ?? []) {
      const { namespace, name } = upload.metadata;
      this.uploads.set(`${namespace}/${name}`, upload);
      this.uploadsByClaim.set(
        `${upload.spec.sourceNamespace}/${upload.spec.sourcePVC}`,
        upload,
      );
    }
    for (const info of input.volumeInfo ?? []) {
      if (info.pvcName) {
        this.infoByClaim.set(`${info.pvcNamespace}/${info.pvcName}`, info);
      }
    }
    for (const record of input.podVolumeBackups ?? []) {
      const { namespace, name } = record.spec.pod;
      const pod = `${namespace}/${name}`;
      this.filesByPod.set(pod, [...(this.filesByPod.get(pod) ?? []), record]);
      const claim = claimOf(record);
      if (claim) {
        const key = `${namespace}/${claim}`;
        const known = this.filesByClaim.get(key);
        if (!known || (!isUsable(known) && isUsable(record))) {
          this.filesByClaim.set(key, record);
        }
      }
    }
  }

  /** @param claim - as it is in the backup */
  ofClaim(claim: KubernetesObject): ClaimData {
    const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
    const info = this.infoByClaim.get(key);
    const uploadName =
      claim.metadata.annotations?.[veleroAnnotations.dataUploadName];
    const upload = uploadName
      ? this.uploads.get(uploadName) ?? this.uploadsByClaim.get(key)
      : this.uploadsByClaim.get(key);
    if (upload) {
      return this.ofUpload(upload);
    }
    if (info?.backupMethod === 'CSISnapshot' && info.snapshotDataMoved) {
      return this.ofMovementInfo(info);
    }
    if (uploadName) {
      return {
        kind: 'lost',
        reason: `the backup does not hold its DataUpload ${uploadName}`,
      };
    }
    const files = this.filesByClaim.get(key);
    if (files) {
      return this.ofFiles(files);
    }
    if (info?.backupMethod === 'NativeSnapshot') {
      return {
        kind: 'lost',
        reason:
          'its data is in a snapshot that a volume snapshotter plugin of Velero made',
      };
    }
    if (info?.backupMethod === 'PodVolumeBackup') {
      return this.ofFilesInfo(info);
    }
    const volumeSnapshot =
      claim.metadata.annotations?.[veleroAnnotations.volumeSnapshotName];
    if (volumeSnapshot && !info?.skipped) {
      return info?.result === 'failed'
        ? { kind: 'lost', reason: 'its snapshot failed' }
        : { kind: 'snapshot', volumeSnapshot };
    }
    return { kind: 'none' };
  }

  /** @param pod - as it is in the backup */
  ofPod(pod: KubernetesObject): PodVolumeData[] {
    const { namespace, name } = pod.metadata;
    return (this.filesByPod.get(`${namespace}/${name}`) ?? [])
      .filter(isUsable)
      .map(record => {
        const claim = claimOf(record);
        return {
          ...this.repositoryData(record),
          volume: record.spec.volume,
          record: record.metadata.name ?? '',
          ...(claim && { claim }),
        };
      });
  }

  /** What the backup's volume information says about a claim. */
  infoOf(namespace: string, claim: string): BackupVolumeInfo | undefined {
    return this.infoByClaim.get(`${namespace}/${claim}`);
  }

  /** The namespaces whose repositories hold content of the backup, and the snapshots in which it is. */
  repositories(): StoredContent[] {
    const found = new Map<string, StoredContent>();
    const add = ({
      repositoryNamespace,
      location,
      snapshotID,
    }: RepositoryData) => {
      const key = `${location}/${repositoryNamespace}`;
      const content = found.get(key) ?? {
        namespace: repositoryNamespace,
        location,
        snapshotIDs: [],
      };
      if (!content.snapshotIDs.includes(snapshotID)) {
        content.snapshotIDs.push(snapshotID);
      }
      found.set(key, content);
    };
    for (const upload of this.uploads.values()) {
      const data = this.ofUpload(upload);
      if (data.kind === 'moved') {
        add(data);
      }
    }
    for (const record of [...this.filesByPod.values()].flat()) {
      if (isUsable(record)) {
        add(this.repositoryData(record));
      }
    }
    for (const info of this.infoByClaim.values()) {
      if (info.backupMethod === 'CSISnapshot' && info.snapshotDataMoved) {
        const data = this.ofMovementInfo(info);
        if (data.kind === 'moved') {
          add(data);
        }
      }
    }
    return [...found.values()];
  }

  private ofUpload(upload: DataUpload): ClaimData {
    const { spec, status } = upload;
    if (status?.phase !== 'Completed' || !status.snapshotID) {
      return {
        kind: 'lost',
        reason: `DataUpload ${upload.metadata.name} ended as ${
          status?.phase ?? 'New'
        }${status?.message ? `: ${status.message}` : ''}`,
      };
    }
    const size = Number(status.progress?.totalBytes);
    return {
      kind: 'moved',
      snapshotID: status.snapshotID,
      repositoryNamespace: spec.sourceNamespace,
      location: this.input.location,
      ...(Number.isFinite(size) && { size }),
      ...(spec.datamover && { dataMover: spec.datamover }),
      ...(status.nodeOS && { nodeOS: status.nodeOS }),
    };
  }

  /** Backups that lost their DataUploads still name the snapshot in their volume information. */
  private ofMovementInfo(info: BackupVolumeInfo): ClaimData {
    const movement = info.snapshotDataMovementInfo;
    if (info.result === 'failed' || !movement?.snapshotHandle) {
      return { kind: 'lost', reason: 'its data was not moved to the storage' };
    }
    return {
      kind: 'moved',
      snapshotID: movement.snapshotHandle,
      repositoryNamespace: info.pvcNamespace ?? '',
      location: this.input.location,
      size: Number(movement.size),
      ...(movement.dataMover && { dataMover: movement.dataMover }),
    };
  }

  /** As {@link ofMovementInfo}, for files: without their record they come back like moved data. */
  private ofFilesInfo({
    result,
    pvbInfo,
    pvcNamespace,
  }: BackupVolumeInfo): ClaimData {
    return result === 'failed' || !pvbInfo?.snapshotHandle
      ? { kind: 'lost', reason: 'its files were not copied to the storage' }
      : {
          kind: 'moved',
          snapshotID: pvbInfo.snapshotHandle,
          repositoryNamespace: pvbInfo.podNamespace ?? pvcNamespace ?? '',
          location: this.input.location,
          ...(pvbInfo.size !== undefined && { size: Number(pvbInfo.size) }),
        };
  }

  private ofFiles(record: PodVolumeBackup): ClaimData {
    if (!isUsable(record)) {
      return {
        kind: 'lost',
        reason: `PodVolumeBackup ${record.metadata.name} ended as ${
          record.status?.phase ?? 'New'
        }${record.status?.message ? `: ${record.status.message}` : ''}`,
      };
    }
    if (record.spec.uploaderType === 'restic') {
      return {
        kind: 'lost',
        reason: `PodVolumeBackup ${record.metadata.name} was made by restic, which cannot be read`,
      };
    }
    return {
      kind: 'files',
      ...this.repositoryData(record),
      pod: record.spec.pod.name ?? '',
      volume: record.spec.volume,
    };
  }

  private repositoryData({ spec, status }: PodVolumeBackup): RepositoryData {
    const size = Number(status?.progress?.totalBytes);
    return {
      snapshotID: status?.snapshotID ?? '',
      repositoryNamespace: spec.pod.namespace ?? '',
      location: this.input.location,
      ...(Number.isFinite(size) && { size }),
    };
  }
}

/** Whether a PodVolumeBackup holds something that can be restored. Source: Velero `getVolumeBackupInfoForPod`. */
function isUsable({ status }: PodVolumeBackup): boolean {
  return (
    Boolean(status?.snapshotID) &&
    status?.phase !== 'Failed' &&
    status?.phase !== 'Canceled'
  );
}

function claimOf(record: PodVolumeBackup): string | undefined {
  return stringAt(record, 'metadata', 'annotations', veleroAnnotations.pvcName);
}
