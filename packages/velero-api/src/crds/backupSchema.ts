import { backupPhases } from '../phases';
import type { StructuralSchema } from './CustomResourceDefinition';
import {
  choice,
  count,
  duration,
  flag,
  labelSelector,
  list,
  localReference,
  moment,
  object,
  orNull,
  text,
  textMap,
  texts,
} from './schemaParts';

/** The four lists and the selector with which hooks choose pods. */
export function hookSelection(): Record<string, StructuralSchema> {
  return {
    name: text('A name for messages.'),
    includedNamespaces: orNull(texts()),
    excludedNamespaces: orNull(texts()),
    includedResources: orNull(texts()),
    excludedResources: orNull(texts()),
    labelSelector: orNull(labelSelector()),
  };
}

/** A command to run in a pod. */
export function execHook(
  more: Record<string, StructuralSchema>,
): StructuralSchema {
  return object(
    {
      container: text('Name of the container; the first one if absent.'),
      command: {
        ...texts('Program and arguments; there is no shell.'),
        minItems: 1,
      },
      onError: choice(['Continue', 'Fail']),
      ...more,
    },
    ['command'],
  );
}

/** Counters of hooks in a status. */
export const hookStatus = orNull(
  object({ hooksAttempted: count(), hooksFailed: count() }),
);

const backupHooks = list(
  object({ exec: execHook({ timeout: duration('How long to wait.') }) }, [
    'exec',
  ]),
);

/** `spec` of a Backup, and `spec.template` of a Schedule. */
export const backupSpecSchema: StructuralSchema = object(
  {
    metadata: object(
      { labels: textMap() },
      [],
      'Labels for the backups that a Schedule makes.',
    ),
    includedNamespaces: orNull(
      texts('Names or globs of namespaces. Absent: all.'),
    ),
    excludedNamespaces: orNull(
      texts('Names or globs of namespaces to leave out.'),
    ),
    includedResources: orNull(
      texts(
        'Types to take. Not together with the lists of cluster-scoped and namespace-scoped resources.',
      ),
    ),
    excludedResources: orNull(texts('Types to leave out.')),
    includeClusterResources: orNull(
      flag(
        'Whether to take cluster-scoped objects. Absent: only if all namespaces are taken.',
      ),
    ),
    includedClusterScopedResources: orNull(
      texts('Cluster-scoped types to take.'),
    ),
    excludedClusterScopedResources: orNull(
      texts('Cluster-scoped types to leave out.'),
    ),
    includedNamespaceScopedResources: orNull(
      texts('Namespaced types to take. Absent: all.'),
    ),
    excludedNamespaceScopedResources: orNull(
      texts('Namespaced types to leave out.'),
    ),
    labelSelector: orNull(labelSelector('Which objects to take.')),
    orLabelSelectors: orNull(
      list(
        labelSelector(),
        'Objects that match any of these. Not together with labelSelector.',
      ),
    ),
    snapshotVolumes: orNull(
      flag('Whether to take the data of volumes. Absent: yes.'),
    ),
    snapshotMoveData: orNull(
      flag('Whether to move the content of snapshots to object storage.'),
    ),
    datamover: text('Which data mover to use. Absent: the built-in one.'),
    ttl: duration('How long to keep the backup.'),
    volumeGroupSnapshotLabelKey: text(
      'Label of claims whose volumes are snapshotted together.',
    ),
    hooks: object(
      {
        resources: orNull(
          list(
            object(
              { ...hookSelection(), pre: backupHooks, post: backupHooks },
              ['name'],
            ),
          ),
        ),
      },
      [],
      'Commands to run in pods before and after they are backed up.',
    ),
    storageLocation: text(
      'Name of a BackupStorageLocation. Absent: the default one.',
    ),
    volumeSnapshotLocations: texts('Names of VolumeSnapshotLocations.'),
    defaultVolumesToRestic: orNull(
      flag('Old name of defaultVolumesToFsBackup.'),
    ),
    defaultVolumesToFsBackup: orNull(
      flag('Whether volumes are read by a file-system backup by default.'),
    ),
    orderedResources: orNull(
      textMap('Type to a list of namespace/name, to be taken in this order.'),
    ),
    csiSnapshotTimeout: duration('How long to wait for a CSI snapshot.'),
    itemOperationTimeout: duration(
      'How long to wait for asynchronous operations.',
    ),
    resourcePolicy: localReference(
      'ConfigMap that says what to do with which volume.',
    ),
    uploaderConfig: orNull(object({ parallelFilesUpload: count() })),
  },
  [],
  'What to back up, and how.',
);

/** `status` of a Backup. */
export const backupStatusSchema: StructuralSchema = object(
  {
    version: count(),
    formatVersion: text(),
    expiration: moment('When the backup may be deleted.'),
    phase: choice(backupPhases),
    queuePosition: count(),
    validationErrors: orNull(texts()),
    startTimestamp: moment(),
    completionTimestamp: moment(),
    volumeSnapshotsAttempted: count(),
    volumeSnapshotsCompleted: count(),
    csiVolumeSnapshotsAttempted: count(),
    csiVolumeSnapshotsCompleted: count(),
    backupItemOperationsAttempted: count(),
    backupItemOperationsCompleted: count(),
    backupItemOperationsFailed: count(),
    failureReason: text(),
    warnings: count('Number of warnings in the log.'),
    errors: count('Number of errors in the log.'),
    progress: orNull(object({ totalItems: count(), itemsBackedUp: count() })),
    hookStatus,
  },
  [],
  'What has become of the backup.',
);
