import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import {
  type DataDownload,
  type DataUpload,
  type PodVolumeBackup,
  type PodVolumeRestore,
  readMoverProgress,
  veleroAnnotations,
} from '@lifeboat/velero-api';
import { maskSecrets } from './maskSecrets';
import { volumeStateOf } from './volumeStateOf';

/** A resource that moves the data of one volume. */
export type DataPathResource =
  | DataUpload
  | DataDownload
  | PodVolumeBackup
  | PodVolumeRestore;

/** What a data-path resource tells about its volume, while it runs and afterwards. */
export function movingVolume(resource: DataPathResource): VolumeFinding {
  const { kind, metadata, status = {} } = resource;
  const state = volumeStateOf(status.phase);
  const more = readMoverProgress(metadata.annotations);
  const { bytesDone, totalBytes } = status.progress ?? {};
  const isBackup = kind === 'DataUpload' || kind === 'PodVolumeBackup';
  const newBytes =
    isBackup && 'incrementalBytes' in status
      ? status.incrementalBytes
      : undefined;
  const running = state === 'running';
  return {
    ...placeOf(resource),
    included: state === 'done',
    state,
    method:
      kind === 'DataUpload' || kind === 'DataDownload'
        ? 'snapshot-moved'
        : 'file-system',
    ...(status.message &&
      state !== 'done' && { reason: maskSecrets(status.message) }),
    resource: {
      kind,
      name: metadata.name ?? '',
      phase: status.phase || 'New',
    },
    ...(status.startTimestamp && { startedAt: status.startTimestamp }),
    ...(status.completionTimestamp && {
      completedAt: status.completionTimestamp,
    }),
    ...(bytesDone !== undefined && { bytesDone: Number(bytesDone) }),
    ...(totalBytes !== undefined && { bytesTotal: Number(totalBytes) }),
    ...(running &&
      more && {
        bytesPerSecond: more.bytesPerSecond,
        ...(more.secondsLeft !== undefined && {
          secondsLeft: more.secondsLeft,
        }),
      }),
    ...(more && {
      filesDone: more.filesDone,
      ...(more.filesTotal !== undefined && { filesTotal: more.filesTotal }),
    }),
    ...(state === 'done' && {
      ...(totalBytes !== undefined && { sizeBytes: Number(totalBytes) }),
      ...(newBytes !== undefined && { newBytes: Number(newBytes) }),
      ...(isBackup &&
        more?.bytesUploaded !== undefined && {
          storedBytes: more.bytesUploaded,
        }),
    }),
  };
}

function placeOf(
  resource: DataPathResource,
): Pick<VolumeFinding, 'pvc' | 'namespace' | 'pod'> {
  switch (resource.kind) {
    case 'DataUpload':
      return {
        pvc: resource.spec.sourcePVC,
        namespace: resource.spec.sourceNamespace,
      };
    case 'DataDownload':
      return {
        pvc: resource.spec.targetVolume.pvc,
        namespace: resource.spec.targetVolume.namespace,
      };
    default: {
      const { pod, volume } = resource.spec;
      const claim = resource.metadata.annotations?.[veleroAnnotations.pvcName];
      return {
        pvc: claim || volume,
        namespace: pod.namespace ?? '',
        ...(!claim && pod.name && { pod: pod.name }),
      };
    }
  }
}
