import { backupRepositoryPhases, dataPathPhases } from '../phases';
import type {
  PrinterColumn,
  StructuralSchema,
} from './CustomResourceDefinition';
import {
  bytes,
  choice,
  duration,
  flag,
  list,
  moment,
  object,
  objectReference,
  orNull,
  text,
  textMap,
} from './schemaParts';

const uploaderTypes = ['kopia', 'restic', ''];
const nodeSystems = ['auto', 'linux', 'windows'];

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
};

const incrementalBytes: PrinterColumn = {
  name: 'Incremental Bytes',
  type: 'integer',
  format: 'int64',
  jsonPath: '.status.incrementalBytes',
  priority: 10,
};

/** Columns of the resources that move data. */
export function dataPathColumns(options: {
  incremental?: boolean;
  /** Heading of the column with the uploader; Velero has two. */
  uploader?: 'Uploader' | 'Uploader Type';
}): PrinterColumn[] {
  return [
    { name: 'Status', type: 'string', jsonPath: '.status.phase' },
    { name: 'Started', type: 'date', jsonPath: '.status.startTimestamp' },
    {
      name: 'Bytes Done',
      type: 'integer',
      format: 'int64',
      jsonPath: '.status.progress.bytesDone',
    },
    {
      name: 'Total Bytes',
      type: 'integer',
      format: 'int64',
      jsonPath: '.status.progress.totalBytes',
    },
    ...(options.incremental ? [incrementalBytes] : []),
    {
      name: 'Storage Location',
      type: 'string',
      jsonPath: '.spec.backupStorageLocation',
    },
    age,
    { name: 'Node', type: 'string', jsonPath: '.status.node' },
    ...(options.uploader
      ? [
          {
            name: options.uploader,
            type: 'string',
            jsonPath: '.spec.uploaderType',
          } as const,
        ]
      : []),
  ];
}

function statusSchema(
  more: Record<string, StructuralSchema>,
): StructuralSchema {
  return object({
    phase: choice(dataPathPhases),
    message: text(),
    startTimestamp: moment(),
    completionTimestamp: moment(),
    acceptedTimestamp: moment(),
    progress: object({ totalBytes: bytes(), bytesDone: bytes() }),
    ...more,
  });
}

/** `spec` and `status` of a PodVolumeBackup. */
export const podVolumeBackupSchema = {
  spec: object(
    {
      node: text('Node that runs the pod.'),
      pod: objectReference('The pod whose volume is read.'),
      volume: text('Name of the volume in the pod.'),
      backupStorageLocation: text(),
      repoIdentifier: text('No longer used.'),
      uploaderType: choice(uploaderTypes),
      tags: textMap(),
      uploaderSettings: orNull(textMap()),
      cancel: flag('Ask for the end of a running backup.'),
    },
    ['backupStorageLocation', 'node', 'pod', 'repoIdentifier', 'volume'],
  ),
  status: statusSchema({
    path: text(),
    snapshotID: text('ID of the snapshot in the repository.'),
    incrementalBytes: bytes(),
  }),
};

/** `spec` and `status` of a PodVolumeRestore. */
export const podVolumeRestoreSchema = {
  spec: object(
    {
      pod: objectReference('The pod whose volume is written.'),
      volume: text('Name of the volume in the pod.'),
      backupStorageLocation: text(),
      repoIdentifier: text('No longer used.'),
      uploaderType: choice(uploaderTypes),
      snapshotID: text('ID of the snapshot in the repository.'),
      sourceNamespace: text('Namespace at the time of the backup.'),
      uploaderSettings: orNull(textMap()),
      cancel: flag('Ask for the end of a running restore.'),
      snapshotSize: bytes(),
    },
    [
      'backupStorageLocation',
      'pod',
      'repoIdentifier',
      'snapshotID',
      'sourceNamespace',
      'volume',
    ],
  ),
  status: statusSchema({ node: text() }),
};

/** `spec` and `status` of a DataUpload. */
export const dataUploadSchema = {
  spec: object(
    {
      snapshotType: text('CSI.'),
      csiSnapshot: orNull(
        object(
          {
            volumeSnapshot: text(),
            storageClass: text(),
            snapshotClass: text(),
            driver: text(),
          },
          ['storageClass', 'volumeSnapshot'],
        ),
      ),
      sourcePVC: text('The claim whose snapshot is moved.'),
      datamover: text(),
      backupStorageLocation: text(),
      sourceNamespace: text('Namespace of the claim.'),
      dataMoverConfig: orNull(textMap()),
      cancel: flag('Ask for the end of a running upload.'),
      operationTimeout: duration('How long internal steps may take.'),
    },
    [
      'backupStorageLocation',
      'operationTimeout',
      'snapshotType',
      'sourceNamespace',
      'sourcePVC',
    ],
  ),
  status: statusSchema({
    path: text(),
    snapshotID: text('ID of the snapshot in the repository.'),
    dataMoverResult: orNull(textMap()),
    incrementalBytes: bytes(),
    node: text(),
    nodeOS: choice(nodeSystems),
    acceptedByNode: text(),
  }),
};

/** `spec` and `status` of a DataDownload. */
export const dataDownloadSchema = {
  spec: object(
    {
      targetVolume: object(
        { pvc: text(), pv: text(), namespace: text() },
        ['namespace', 'pv', 'pvc'],
        'The claim and volume to write into.',
      ),
      backupStorageLocation: text(),
      datamover: text(),
      snapshotID: text('ID of the snapshot in the repository.'),
      sourceNamespace: text('Namespace at the time of the backup.'),
      dataMoverConfig: textMap(),
      cancel: flag('Ask for the end of a running download.'),
      operationTimeout: duration('How long internal steps may take.'),
      nodeOS: choice(nodeSystems),
      snapshotSize: bytes(),
    },
    [
      'backupStorageLocation',
      'operationTimeout',
      'snapshotID',
      'sourceNamespace',
      'targetVolume',
    ],
  ),
  status: statusSchema({ node: text(), acceptedByNode: text() }),
};

/** `spec` and `status` of a BackupRepository. */
export const backupRepositorySchema = {
  spec: object(
    {
      volumeNamespace: text('Namespace whose volumes are kept here.'),
      backupStorageLocation: text(),
      repositoryType: choice(uploaderTypes),
      resticIdentifier: text('No longer used.'),
      maintenanceFrequency: duration('How often maintenance runs.'),
      repositoryConfig: orNull(textMap()),
    },
    ['backupStorageLocation', 'maintenanceFrequency', 'volumeNamespace'],
  ),
  status: object({
    phase: choice(backupRepositoryPhases),
    message: text(),
    lastMaintenanceTime: moment(),
    recentMaintenance: list(
      object({
        result: choice(['Succeeded', 'Failed']),
        startTimestamp: moment(),
        completeTimestamp: moment(),
        message: text(),
      }),
    ),
  }),
};
