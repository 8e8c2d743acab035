import { parseSelector } from '@lifeboat/engine';
import {
  type Backup,
  type BackupScope,
  type BackupSpec,
  type ObjectMeta,
  lifeboatAnnotations,
  veleroLabels,
} from '@lifeboat/velero-api';

/**
 * What a backup of a scope holds: its namespace, its objects, what belongs to
 * them, and the data of their volumes: by a snapshot that is moved to the
 * storage location where the volume can make one, otherwise by its files.
 */
export function backupSpecOf(
  scope: BackupScope,
  options: { location: string; ttl?: string },
): BackupSpec {
  return {
    includedNamespaces: [scope.namespace],
    ...(scope.selector && { labelSelector: parseSelector(scope.selector) }),
    excludedResources: ['events', 'events.events.k8s.io'],
    snapshotMoveData: true,
    storageLocation: options.location,
    ...(options.ttl && { ttl: options.ttl }),
  };
}

/** Asks the engine to take what the selected objects need, too. */
export const withRelatedItems = {
  [lifeboatAnnotations.relatedItems]: 'true',
};

/** A Backup to create. */
export function backupResource(metadata: ObjectMeta, spec: BackupSpec): Backup {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        [veleroLabels.storageLocation]: spec.storageLocation ?? '',
      },
      annotations: { ...metadata.annotations, ...withRelatedItems },
    },
    spec,
  };
}
