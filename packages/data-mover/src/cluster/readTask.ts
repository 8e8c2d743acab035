import type { VeleroSnapshotOptions } from '@lifeboat/kopia';
import {
  veleroAnnotations,
  veleroLabels,
  type BackupRepository,
  type DataDownload,
  type DataUpload,
  type PodVolumeBackup,
  type PodVolumeRestore,
} from '@lifeboat/velero-api';
import type { MoverTask } from '../command/MoverCommand';
import { apiTypes } from './ownerType';
import type { PodApi } from './PodApi';

/** What a mover learns from its custom resource. */
export interface OwnerTask {
  readonly uid: string | undefined;
  readonly location: string;
  /** Whose repository it is. */
  readonly volumeNamespace: string;
  /** Backups only. */
  readonly snapshot?: VeleroSnapshotOptions;
  /** Restores only. */
  readonly snapshotId?: string;
  /** Pod volume restores only. */
  readonly markerUid?: string;
  /** Files read or written at once, as the Backup or Restore asks. */
  readonly parallelFiles?: number;
  readonly sparse?: boolean;
}

/** Reads the custom resource that a mover was started for. Names of snapshots are Velero's. */
export async function readTask(
  api: PodApi,
  task: MoverTask,
  signal: AbortSignal,
): Promise<OwnerTask> {
  const { kind, name } = task.owner;
  const get = <T>() => api.get<T>(apiTypes[kind], name, signal);
  switch (kind) {
    case 'DataUpload': {
      const { metadata, spec } = await get<DataUpload>();
      return {
        uid: metadata.uid,
        location: spec.backupStorageLocation,
        volumeNamespace: spec.sourceNamespace,
        parallelFiles: parallelFiles(spec.dataMoverConfig, 'Upload'),
        snapshot: {
          requester: 'snapshot-data-upload-download',
          realSource: `${spec.sourceNamespace}/${spec.sourcePVC}`,
          asyncOperationId: metadata.labels?.[veleroLabels.asyncOperationId],
        },
      };
    }
    case 'PodVolumeBackup': {
      const { metadata, spec } = await get<PodVolumeBackup>();
      const namespace = required(spec.pod.namespace, name, 'pod.namespace');
      const volume =
        metadata.annotations?.[veleroAnnotations.pvcName] || spec.volume;
      return {
        uid: metadata.uid,
        location: spec.backupStorageLocation,
        volumeNamespace: namespace,
        parallelFiles: parallelFiles(spec.uploaderSettings, 'Upload'),
        snapshot: {
          requester: 'snapshot-pod-volume',
          realSource: `${namespace}/${spec.pod.name}/${volume}`,
          tags: spec.tags,
        },
      };
    }
    case 'DataDownload': {
      const { metadata, spec } = await get<DataDownload>();
      return {
        uid: metadata.uid,
        location: spec.backupStorageLocation,
        volumeNamespace: spec.sourceNamespace,
        snapshotId: required(spec.snapshotID, name, 'snapshotID'),
        parallelFiles: parallelFiles(spec.dataMoverConfig, 'Download'),
        sparse: sparse(spec.dataMoverConfig),
      };
    }
    case 'PodVolumeRestore': {
      const { metadata, spec } = await get<PodVolumeRestore>();
      return {
        uid: metadata.uid,
        location: spec.backupStorageLocation,
        volumeNamespace: spec.sourceNamespace,
        snapshotId: required(spec.snapshotID, name, 'snapshotID'),
        markerUid: required(
          metadata.labels?.[veleroLabels.restoreUid],
          name,
          `label ${veleroLabels.restoreUid}`,
        ),
        parallelFiles: parallelFiles(spec.uploaderSettings, 'Download'),
        sparse: sparse(spec.uploaderSettings),
      };
    }
    default: {
      const { metadata, spec } = await get<BackupRepository>();
      return {
        uid: metadata.uid,
        location: spec.backupStorageLocation,
        volumeNamespace: spec.volumeNamespace,
      };
    }
  }
}

function required(
  value: string | undefined,
  name: string,
  field: string,
): string {
  if (!value) throw new Error(`${name} has no ${field}`);
  return value;
}

/** Settings of Backups and Restores travel as text (Velero: uploader configuration). */
function parallelFiles(
  settings: Readonly<Record<string, string>> | undefined,
  direction: 'Upload' | 'Download',
): number | undefined {
  const count = Number(settings?.[`ParallelFiles${direction}`]);
  return Number.isSafeInteger(count) && count > 0 ? count : undefined;
}

/**
 * Velero writes holes only when asked to. Here they are the default: whoever reads the file sees the same bytes, and a
 * sparse file fits into the volume that it came from.
 */
function sparse(
  settings: Readonly<Record<string, string>> | undefined,
): boolean | undefined {
  return settings?.WriteSparseFiles === 'false' ? false : undefined;
}
