import {
  deleteBackupRequestPhases,
  requestPhases,
  schedulePhases,
  storageLocationPhases,
} from '../phases';
import { downloadTargetKinds } from '../resources/requests';
import { backupSpecSchema, backupStatusSchema } from './backupSchema';
import type {
  CustomResourceDefinition,
  PrinterColumn,
  StructuralSchema,
} from './CustomResourceDefinition';
import {
  backupRepositorySchema,
  dataDownloadSchema,
  dataPathColumns,
  dataUploadSchema,
  podVolumeBackupSchema,
  podVolumeRestoreSchema,
} from './dataPathSchema';
import { restoreSpecSchema, restoreStatusSchema } from './restoreSchema';
import {
  choice,
  duration,
  flag,
  list,
  moment,
  object,
  orNull,
  secretKey,
  text,
  textMap,
  texts,
} from './schemaParts';

const accessModes = ['ReadOnly', 'ReadWrite'];

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
};

const status: PrinterColumn = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.phase',
};

/** Velero prints only name and age of Backups and Restores; these columns show what the portal shows. */
const runColumns: PrinterColumn[] = [
  status,
  { name: 'Errors', type: 'integer', jsonPath: '.status.errors' },
  { name: 'Warnings', type: 'integer', jsonPath: '.status.warnings' },
];

function definition(options: {
  kind: string;
  plural: string;
  shortName?: string;
  version?: 'v1' | 'v2alpha1';
  description: string;
  columns?: PrinterColumn[];
  spec: StructuralSchema;
  status: StructuralSchema;
}): CustomResourceDefinition {
  const group = 'velero.io';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${options.plural}.${group}` },
    spec: {
      group,
      names: {
        kind: options.kind,
        listKind: `${options.kind}List`,
        plural: options.plural,
        singular: options.kind.toLowerCase(),
        ...(options.shortName && { shortNames: [options.shortName] }),
      },
      scope: 'Namespaced',
      versions: [
        {
          name: options.version ?? 'v1',
          served: true,
          storage: true,
          ...(options.columns && {
            additionalPrinterColumns: options.columns,
          }),
          schema: {
            openAPIV3Schema: object(
              {
                apiVersion: text(),
                kind: text(),
                metadata: object({}),
                spec: options.spec,
                status: options.status,
              },
              [],
              options.description,
            ),
          },
        },
      ],
    },
  };
}

/**
 * The CustomResourceDefinitions of Velero, for clusters without one. They accept and keep what Velero's own accept and keep;
 * like there, `status` is no subresource. CRDs that are installed already are never to be replaced by these.
 *
 * @public
 */
export const customResourceDefinitions: readonly CustomResourceDefinition[] = [
  definition({
    kind: 'Backup',
    plural: 'backups',
    description: 'A backup of Kubernetes objects and volumes.',
    columns: [
      ...runColumns,
      {
        name: 'Storage Location',
        type: 'string',
        jsonPath: '.spec.storageLocation',
      },
      { name: 'Expires', type: 'string', jsonPath: '.status.expiration' },
      age,
    ],
    spec: backupSpecSchema,
    status: backupStatusSchema,
  }),
  definition({
    kind: 'Restore',
    plural: 'restores',
    description: 'A restore of a backup.',
    columns: [
      ...runColumns,
      { name: 'Backup', type: 'string', jsonPath: '.spec.backupName' },
      age,
    ],
    spec: restoreSpecSchema,
    status: restoreStatusSchema,
  }),
  definition({
    kind: 'Schedule',
    plural: 'schedules',
    description: 'Makes backups by the clock.',
    columns: [
      status,
      { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
      { name: 'LastBackup', type: 'date', jsonPath: '.status.lastBackup' },
      age,
      { name: 'Paused', type: 'boolean', jsonPath: '.spec.paused' },
    ],
    spec: object(
      {
        template: backupSpecSchema,
        schedule: text(
          'Cron expression with five fields, or @daily, or @every 1h. CRON_TZ=Europe/Berlin may come before it.',
        ),
        useOwnerReferencesInBackup: orNull(
          flag('Whether the backups go when the Schedule goes.'),
        ),
        paused: flag(),
        skipImmediately: flag(
          'Do not make up for a run that was missed; set back to false by the controller.',
        ),
      },
      ['schedule', 'template'],
      'When to make which backups.',
    ),
    status: object({
      phase: choice(schedulePhases),
      lastBackup: moment(),
      lastSkipped: moment(),
      validationErrors: texts(),
    }),
  }),
  definition({
    kind: 'BackupStorageLocation',
    plural: 'backupstoragelocations',
    shortName: 'bsl',
    description: 'A place for backups in object storage.',
    columns: [
      { ...status, name: 'Phase' },
      {
        name: 'Last Validated',
        type: 'date',
        jsonPath: '.status.lastValidationTime',
      },
      age,
      { name: 'Default', type: 'boolean', jsonPath: '.spec.default' },
    ],
    spec: object(
      {
        provider: text('aws for anything that speaks S3.'),
        config: textMap('Settings of the provider; all values are texts.'),
        credential: secretKey('The Secret with the credentials.'),
        objectStorage: object(
          {
            bucket: text(),
            prefix: text(),
            caCert: {
              type: 'string',
              format: 'byte',
              description: 'PEM certificates, in base64.',
            },
            caCertRef: secretKey('The Secret with PEM certificates.'),
          },
          ['bucket'],
        ),
        default: flag('Whether backups without a location go here.'),
        accessMode: choice(accessModes),
        backupSyncPeriod: orNull(
          duration('How often backups are looked for. 0: never.'),
        ),
        validationFrequency: orNull(
          duration('How often the location is checked. 0: never.'),
        ),
      },
      ['objectStorage', 'provider'],
    ),
    status: object({
      phase: choice(storageLocationPhases),
      lastSyncedTime: moment(),
      lastValidationTime: moment(),
      message: text(),
      lastSyncedRevision: text('No longer used.'),
      accessMode: choice(accessModes, 'No longer used.'),
    }),
  }),
  definition({
    kind: 'VolumeSnapshotLocation',
    plural: 'volumesnapshotlocations',
    shortName: 'vsl',
    description: 'Where a storage provider keeps native snapshots.',
    spec: object(
      { provider: text(), config: textMap(), credential: secretKey() },
      ['provider'],
    ),
    status: object({ phase: choice(storageLocationPhases) }),
  }),
  definition({
    kind: 'DeleteBackupRequest',
    plural: 'deletebackuprequests',
    description: 'Asks for the removal of a backup with all its data.',
    columns: [
      { name: 'BackupName', type: 'string', jsonPath: '.spec.backupName' },
      status,
    ],
    spec: object({ backupName: text() }, ['backupName']),
    status: object({
      phase: choice(deleteBackupRequestPhases),
      errors: orNull(texts()),
    }),
  }),
  definition({
    kind: 'DownloadRequest',
    plural: 'downloadrequests',
    description: 'Asks for a signed URL of one file of a backup or restore.',
    spec: object(
      {
        target: object({ kind: choice(downloadTargetKinds), name: text() }, [
          'kind',
          'name',
        ]),
      },
      ['target'],
    ),
    status: object({
      phase: choice(requestPhases),
      downloadURL: text(),
      expiration: moment(),
    }),
  }),
  definition({
    kind: 'ServerStatusRequest',
    plural: 'serverstatusrequests',
    shortName: 'ssr',
    description: 'Asks the server for its version and plugins.',
    spec: object({}),
    status: object({
      phase: choice(requestPhases),
      processedTimestamp: moment(),
      serverVersion: text(),
      plugins: orNull(
        list(object({ name: text(), kind: text() }, ['kind', 'name'])),
      ),
    }),
  }),
  definition({
    kind: 'PodVolumeBackup',
    plural: 'podvolumebackups',
    description: 'A file-system backup of one volume of a running pod.',
    columns: dataPathColumns({ incremental: true, uploader: 'Uploader' }),
    ...podVolumeBackupSchema,
  }),
  definition({
    kind: 'PodVolumeRestore',
    plural: 'podvolumerestores',
    description:
      "Brings the files of a PodVolumeBackup back into a pod's volume.",
    columns: dataPathColumns({ uploader: 'Uploader Type' }),
    ...podVolumeRestoreSchema,
  }),
  definition({
    kind: 'BackupRepository',
    plural: 'backuprepositories',
    description: 'A repository of volume data of one namespace.',
    columns: [
      age,
      {
        name: 'Repository Type',
        type: 'string',
        jsonPath: '.spec.repositoryType',
      },
    ],
    ...backupRepositorySchema,
  }),
  definition({
    kind: 'DataUpload',
    plural: 'datauploads',
    version: 'v2alpha1',
    description: 'Moves the content of a snapshot into a repository.',
    columns: dataPathColumns({ incremental: true }),
    ...dataUploadSchema,
  }),
  definition({
    kind: 'DataDownload',
    plural: 'datadownloads',
    version: 'v2alpha1',
    description: 'Brings what a DataUpload moved back into a volume.',
    columns: dataPathColumns({}),
    ...dataDownloadSchema,
  }),
];
