import { veleroAnnotations } from '@lifeboat/velero-api';
import { objectAt, stringAt, valueAt } from '../../backup/jsonPath';
import { cloneJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { stripMetadata, stripStatus } from '../transform/stripMetadata';
import { restoredSnapshotName } from './restoredSnapshotName';

/** A VolumeSnapshot and its content as a restore makes them: for a snapshot that is in the storage system already. */
export interface StaticSnapshot {
  snapshot: KubernetesObject;
  content: KubernetesObject;
}

/**
 * Turns a backed-up VolumeSnapshot and its content into a pair on the same snapshot of the storage system. The content is
 * Retain: deleting the pair leaves the snapshot, which belongs to the backup.
 *
 * @param snapshotClass - a VolumeSnapshotClass of this cluster for the driver, if there is one
 * @throws Error when the backup does not say which snapshot it is
 *
 * Source: Velero `velero.io/csi-volumesnapshot-restorer`, `velero.io/csi-volumesnapshotcontent-restorer`.
 */
export function staticSnapshot(
  backedUp: { snapshot: KubernetesObject; content: KubernetesObject },
  target: { namespace: string; restoreUid: string },
  snapshotClass: string | undefined,
): StaticSnapshot {
  const { name: original = '' } = backedUp.snapshot.metadata;
  const name = restoredSnapshotName(target.restoreUid, original);
  const handle = stringAt(backedUp.content, 'status', 'snapshotHandle');
  if (!handle) {
    throw new Error(
      `the backup does not say which snapshot of the storage system VolumeSnapshot ${original} is`,
    );
  }
  const snapshot = stripStatus(stripMetadata(cloneJson(backedUp.snapshot)));
  snapshot.metadata = {
    ...snapshot.metadata,
    name,
    namespace: target.namespace,
    annotations: {
      ...snapshot.metadata.annotations,
      [veleroAnnotations.volumeSnapshotContentDeletionPolicy]: 'Retain',
    },
  };
  delete snapshot.metadata.finalizers;
  snapshot.spec = { source: { volumeSnapshotContentName: name } };

  const content = stripStatus(stripMetadata(cloneJson(backedUp.content)));
  content.metadata = { ...content.metadata, name };
  delete content.metadata.finalizers;
  const mode = valueAt(content, 'spec', 'sourceVolumeMode');
  content.spec = {
    ...(mode ? { sourceVolumeMode: mode } : {}),
    driver: objectAt(content, 'spec').driver,
    deletionPolicy: 'Retain',
    source: { snapshotHandle: handle },
    volumeSnapshotRef: {
      apiVersion: snapshot.apiVersion,
      kind: 'VolumeSnapshot',
      name,
      namespace: target.namespace,
    },
    ...(snapshotClass && { volumeSnapshotClassName: snapshotClass }),
  };
  return { snapshot, content };
}
