import type { ApiObject } from '../../cluster/KubernetesObject';
import type { LabelSelector } from '@lifeboat/velero-api';

/** What is read of a PersistentVolumeClaim; unknown fields are kept. */
export interface Claim extends ApiObject {
  spec: {
    accessModes?: string[];
    resources?: { requests?: { storage?: string } };
    selector?: LabelSelector;
    storageClassName?: string;
    volumeMode?: VolumeMode;
    volumeName?: string;
    dataSource?: { apiGroup?: string; kind: string; name: string };
    dataSourceRef?: { apiGroup?: string; kind: string; name: string };
    [field: string]: unknown;
  };
  status?: { phase?: string; capacity?: { storage?: string } };
}

/** How a volume is presented to a container. */
export type VolumeMode = 'Filesystem' | 'Block';

/** What is read of a PersistentVolume; unknown fields are kept. */
export interface Volume extends ApiObject {
  spec: {
    csi?: { driver: string; volumeHandle: string };
    claimRef?: {
      apiVersion?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      uid?: string;
    };
    nodeAffinity?: { required?: { nodeSelectorTerms: NodeSelectorTerm[] } };
    persistentVolumeReclaimPolicy?: 'Retain' | 'Delete' | 'Recycle';
    storageClassName?: string;
    volumeMode?: VolumeMode;
    [field: string]: unknown;
  };
  status?: { phase?: string };
}

/** One alternative of a node affinity: all of it must hold. */
export interface NodeSelectorTerm {
  matchExpressions?: NodeRequirement[];
  matchFields?: NodeRequirement[];
}

/** A condition on a node's labels or fields. */
export interface NodeRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** What is read of a StorageClass. */
export interface StorageClass extends ApiObject {
  provisioner: string;
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
}

/** A VolumeSnapshot of `snapshot.storage.k8s.io/v1`. */
export interface VolumeSnapshot extends ApiObject {
  spec: {
    source: {
      persistentVolumeClaimName?: string;
      volumeSnapshotContentName?: string;
    };
    volumeSnapshotClassName?: string;
  };
  status?: {
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
    readyToUse?: boolean;
    restoreSize?: string;
    error?: { time?: string; message?: string };
  };
}

/** A VolumeSnapshotContent of `snapshot.storage.k8s.io/v1`. */
export interface VolumeSnapshotContent extends ApiObject {
  spec: {
    deletionPolicy: 'Delete' | 'Retain';
    driver: string;
    source: { snapshotHandle?: string; volumeHandle?: string };
    sourceVolumeMode?: VolumeMode;
    volumeSnapshotClassName?: string;
    volumeSnapshotRef: {
      apiVersion?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      uid?: string;
    };
  };
  status?: {
    snapshotHandle?: string;
    readyToUse?: boolean;
    restoreSize?: number;
    error?: { message?: string };
  };
}
