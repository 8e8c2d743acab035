import type { DataDownload, DataUpload } from '@lifeboat/velero-api';
import type { DataMoverConfig } from '../../config/EngineConfig';
import {
  ownerReference,
  temporaryLabels,
  temporaryName,
} from '../movers/moverNames';
import type { Claim, VolumeMode } from './storageObjects';

/** The scheduler's choice for a claim whose class waits for a consumer. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** The claim through which a mover reads a snapshot. */
export function backupClaim(
  upload: DataUpload,
  options: {
    namespace: string;
    /** Quantity. */
    size: string;
    volumeMode: VolumeMode;
    config: DataMoverConfig['backupPVC'];
    /** The storage has refused read-only before. */
    isReadOnlyRefused: boolean;
    /** Where the volume is to be made, if that is known before a pod is scheduled. */
    selectedNode?: string;
  },
): Claim {
  const source = upload.spec.csiSnapshot?.storageClass ?? '';
  const config = options.config?.[source];
  const name = temporaryName(upload);
  const isReadOnly = isReadOnlyWanted(upload, options.config);
  const storageClassName = config?.storageClass ?? source;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: options.namespace,
      name,
      labels: temporaryLabels(upload),
      annotations: {
        ...config?.annotations,
        ...(options.selectedNode && {
          [selectedNodeAnnotation]: options.selectedNode,
        }),
      },
      ownerReferences: [ownerReference(upload)],
    },
    spec: {
      accessModes: [
        isReadOnly && !options.isReadOnlyRefused
          ? 'ReadOnlyMany'
          : 'ReadWriteOnce',
      ],
      resources: { requests: { storage: options.size } },
      ...(storageClassName ? { storageClassName } : {}),
      volumeMode: options.volumeMode,
      dataSource: {
        apiGroup: 'snapshot.storage.k8s.io',
        kind: 'VolumeSnapshot',
        name,
      },
    },
  };
}

/** Whether the configuration asks for read-only claims of this class. */
export function isReadOnlyWanted(
  upload: DataUpload,
  config: DataMoverConfig['backupPVC'],
): boolean {
  const source = upload.spec.csiSnapshot?.storageClass ?? '';
  return config?.[source]?.readOnly === true;
}

/** The claim through which a mover writes the volume that the target claim is to get. */
export function restoreClaim(
  download: DataDownload,
  target: Claim,
  options: { namespace: string; selectedNode?: string },
): Claim {
  const {
    selector: _selector,
    volumeName: _volumeName,
    dataSource: _dataSource,
    dataSourceRef: _dataSourceRef,
    ...spec
  } = target.spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: options.namespace,
      name: temporaryName(download),
      labels: temporaryLabels(download),
      ...(options.selectedNode
        ? { annotations: { [selectedNodeAnnotation]: options.selectedNode } }
        : {}),
      ownerReferences: [ownerReference(download)],
    },
    spec,
  };
}
