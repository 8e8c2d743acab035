import { Resource, ResourceType } from '../api/Resource';

const group = 'snapshot.storage.k8s.io';
const version = 'v1';

export const volumeSnapshots: ResourceType = {
  group,
  version,
  resource: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
};
export const volumeSnapshotContents: ResourceType = {
  group,
  version,
  resource: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  namespaced: false,
};
export const volumeSnapshotClasses: ResourceType = {
  group,
  version,
  resource: 'volumesnapshotclasses',
  kind: 'VolumeSnapshotClass',
  namespaced: false,
};

export interface SnapshotProblem {
  message?: string;
  time?: string;
}

export type VolumeSnapshot = Resource<
  {
    source?: {
      persistentVolumeClaimName?: string;
      volumeSnapshotContentName?: string;
    };
    volumeSnapshotClassName?: string;
  },
  {
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
    readyToUse?: boolean;
    restoreSize?: string | number;
    error?: SnapshotProblem;
  }
>;

export type VolumeSnapshotContent = Resource<
  {
    deletionPolicy?: 'Delete' | 'Retain';
    driver?: string;
    source?: { volumeHandle?: string; snapshotHandle?: string };
    sourceVolumeMode?: string;
    volumeSnapshotClassName?: string;
    volumeSnapshotRef?: {
      apiVersion?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      uid?: string;
      resourceVersion?: string;
    };
  },
  {
    /** Nanoseconds since 1970. */
    creationTime?: number;
    readyToUse?: boolean;
    restoreSize?: number;
    snapshotHandle?: string;
    error?: SnapshotProblem;
  }
>;

export type VolumeSnapshotClass = Resource & {
  driver?: string;
  deletionPolicy?: 'Delete' | 'Retain';
};

/** Finalizers and annotations of external-snapshotter. */
export const snapshotMarks = {
  snapshotSource:
    'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
  snapshotBound:
    'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
  contentBound:
    'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection',
  claimSource: 'snapshot.storage.kubernetes.io/pvc-as-source-protection',
  beingDeleted: 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted',
  beingCreated: 'snapshot.storage.kubernetes.io/volumesnapshot-being-created',
  defaultClass: 'snapshot.storage.kubernetes.io/is-default-class',
  modeChange: 'snapshot.storage.kubernetes.io/allow-volume-mode-change',
};

/** Whether content and snapshot point at each other. */
export function areBound(
  snapshot: VolumeSnapshot,
  content: VolumeSnapshotContent,
): boolean {
  const { volumeSnapshotRef: reference } = content.spec ?? {};
  return (
    snapshot.status?.boundVolumeSnapshotContentName === content.metadata.name &&
    reference?.uid === snapshot.metadata.uid
  );
}
