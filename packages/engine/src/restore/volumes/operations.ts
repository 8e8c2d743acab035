import {
  type DataDownload,
  isTerminalDataPathPhase,
  type PodVolumeRestore,
  type Restore,
  type RestoreOperation,
  type RestoreVolumeInfo,
  veleroLabels,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { veleroTypes } from '../../cluster/knownTypes';
import type { DataPathObject } from '../../volumes/movers/DataPathObject';
import { moverWarnings } from '../../volumes/movers/moverWarnings';
import { readInPlaceState } from '../inPlace/InPlaceState';
import type { RestoredVolume } from './RestoredVolume';

/** The orders that a restore gave for the content of volumes, by their names. */
export interface Operations {
  downloads: Map<string, DataDownload>;
  files: Map<string, PodVolumeRestore>;
}

interface Reach {
  client: ClusterClient;
  namespace: string;
  signal: AbortSignal;
}

/** Everything that a Restore has ordered, as it is now. */
export async function listOperations(
  restore: Restore,
  { client, namespace, signal }: Reach,
): Promise<Operations> {
  const options = {
    namespace,
    labelSelector: `${veleroLabels.restoreUid}=${restore.metadata.uid}`,
    signal,
  };
  const operations: Operations = { downloads: new Map(), files: new Map() };
  for await (const download of client.list<DataDownload>(
    veleroTypes.dataDownloads,
    options,
  )) {
    operations.downloads.set(download.metadata.name ?? '', download);
  }
  for await (const files of client.list<PodVolumeRestore>(
    veleroTypes.podVolumeRestores,
    options,
  )) {
    operations.files.set(files.metadata.name ?? '', files);
  }
  return operations;
}

/** Those that have not ended. */
export function unfinished({
  downloads,
  files,
}: Operations): (DataDownload | PodVolumeRestore)[] {
  return [...downloads.values(), ...files.values()].filter(
    ({ status }) => !isTerminalDataPathPhase(status?.phase),
  );
}

/** Asks those that have not ended to end. */
export async function cancelOperations(
  operations: Operations,
  { client, namespace, signal }: Reach,
): Promise<void> {
  for (const operation of unfinished(operations)) {
    if (!operation.spec.cancel) {
      await client.patch(
        operations.downloads.has(operation.metadata.name ?? '')
          ? veleroTypes.dataDownloads
          : veleroTypes.podVolumeRestores,
        { namespace, name: operation.metadata.name ?? '' },
        { contentType: 'merge', body: { spec: { cancel: true } } },
        { signal },
      );
    }
  }
}

/** The order for a volume, when there is one. */
function operationOf(
  volume: RestoredVolume,
  { downloads, files }: Operations,
): DataDownload | PodVolumeRestore | undefined {
  return volume.operation === undefined
    ? undefined
    : downloads.get(volume.operation) ?? files.get(volume.operation);
}

/** `claim data-db-0`, `volume scratch of pod web-1`. */
export function volumeText(volume: RestoredVolume): string {
  return volume.claim
    ? `claim ${volume.claim}`
    : `volume ${volume.volume} of pod ${volume.pod}`;
}

/** Why a volume did not get its content, or undefined. */
export function whyWithoutContent(
  volume: RestoredVolume,
  operations: Operations,
): string | undefined {
  if (volume.operation === undefined) {
    return undefined;
  }
  const what = `the data of ${volumeText(volume)} was not restored`;
  const operation = operationOf(volume, operations);
  if (!operation) {
    return `${what}: ${volume.operation} has been deleted`;
  }
  const { phase, message } = operation.status ?? {};
  if (phase === 'Completed') {
    return undefined;
  }
  return phase === 'Canceled'
    ? `${what}: it was canceled${message ? ` (${message})` : ''}`
    : `${what}: ${message || `${volume.operation} ended as ${phase ?? 'New'}`}`;
}

/** What movers say about content that they could not bring back as it was, with the namespace that it is about. */
export function contentWarnings(
  restore: Restore,
  volumes: readonly RestoredVolume[],
  operations: Operations,
): { namespace: string; message: string }[] {
  const inPlace = readInPlaceState(restore);
  const said = (what: string, namespace: string, operation?: DataPathObject) =>
    moverWarnings(operation).map(warning => ({
      namespace,
      message: `${what}: ${warning}`,
    }));
  return [
    ...volumes.flatMap(volume =>
      said(
        volumeText(volume),
        volume.namespace,
        operationOf(volume, operations),
      ),
    ),
    ...(inPlace?.claims ?? []).flatMap(({ name, download }) =>
      said(
        `claim ${name}`,
        inPlace?.namespace ?? '',
        operations.downloads.get(download),
      ),
    ),
  ];
}

/** The restore's `itemoperations` file. Velero lists DataDownloads there, not PodVolumeRestores. */
export function itemOperationsOf(
  restore: Restore,
  volumes: readonly RestoredVolume[],
  { downloads }: Operations,
): RestoreOperation[] {
  return volumes.flatMap(volume => {
    const download = downloads.get(volume.operation ?? '');
    if (!download || !volume.operationId) {
      return [];
    }
    const { phase, message, progress } = download.status ?? {};
    const failed = phase === 'Failed' || phase === 'Canceled';
    let state: RestoreOperation['status']['phase'] = 'InProgress';
    if (phase === 'Completed') state = 'Completed';
    else if (failed) state = 'Failed';
    return [
      {
        spec: {
          restoreName: restore.metadata.name ?? '',
          restoreUID: restore.metadata.uid ?? '',
          restoreItemAction: 'velero.io/csi-pvc-restorer',
          resourceIdentifier: {
            Group: '',
            Resource: 'persistentvolumeclaims',
            Namespace: volume.namespace,
            Name: volume.claim ?? '',
          },
          operationID: volume.operationId,
        },
        status: {
          phase: state,
          ...(failed && { error: message || `DataDownload is ${phase}` }),
          ...(progress && {
            nCompleted: progress.bytesDone ?? 0,
            nTotal: progress.totalBytes ?? 0,
          }),
          operationUnits: 'Bytes',
          description: phase ?? 'New',
          created: download.metadata.creationTimestamp,
          ...(download.status?.startTimestamp && {
            started: download.status.startTimestamp,
          }),
          ...(download.status?.completionTimestamp && {
            updated: download.status.completionTimestamp,
          }),
        },
      },
    ];
  });
}

/**
 * The restore's `volumeinfo` file.
 *
 * @param volumeOf - name of the PersistentVolume of a claim, where it is known
 *
 * Source: Velero `RestoreVolumeInfoTracker`.
 */
export function restoreVolumeInfoOf(
  volumes: readonly RestoredVolume[],
  operations: Operations,
  volumeOf: (volume: RestoredVolume) => string | undefined,
): RestoreVolumeInfo[] {
  return volumes.flatMap((volume): RestoreVolumeInfo[] => {
    const pvName = volumeOf(volume);
    const claim = {
      pvcName: volume.claim,
      pvcNamespace: volume.namespace,
      ...(pvName && { pvName }),
    };
    const phase = operationOf(volume, operations)?.status?.phase ?? '';
    switch (volume.method) {
      case 'download':
      case 'in-place':
        return [
          {
            ...claim,
            restoreMethod: 'CSISnapshot',
            snapshotDataMoved: true,
            snapshotDataMovementInfo: {
              dataMover: 'velero',
              uploaderType: 'kopia',
              snapshotHandle: volume.snapshotID ?? '',
              operationID: volume.operationId ?? '',
              size: volume.size ?? 0,
              Phase: phase,
            },
          },
        ];
      case 'files':
        return volume.claim
          ? [
              {
                ...claim,
                restoreMethod: 'PodVolumeRestore',
                snapshotDataMoved: false,
                pvrInfo: {
                  snapshotHandle: volume.snapshotID,
                  ...(volume.size !== undefined && { size: volume.size }),
                  uploaderType: 'kopia',
                  volumeName: volume.volume,
                  podName: volume.pod,
                  podNamespace: volume.namespace,
                  Phase: phase,
                },
              },
            ]
          : [];
      case 'snapshot':
        return [
          {
            ...claim,
            restoreMethod: 'CSISnapshot',
            snapshotDataMoved: false,
            csiSnapshotInfo: {
              snapshotHandle: '',
              size: volume.size ?? 0,
              driver: '',
              vscName: volume.volumeSnapshot ?? '',
            },
          },
        ];
      default:
        return [];
    }
  });
}
