/**
 * Velero's custom resources, CRDs, validation, labels and object-storage keys, for browser and Node.
 *
 * @packageDocumentation
 */
export * from './meta/ObjectMeta';
export * from './meta/references';
export * from './phases';
export * from './resources/Backup';
export * from './resources/Restore';
export * from './resources/Schedule';
export * from './resources/BackupStorageLocation';
export * from './resources/VolumeSnapshotLocation';
export * from './resources/requests';
export * from './resources/dataPath';
export * from './labels';
export * from './defaults';
export * from './prepareBackupSpec';
export * from './chooseSnapshotLocations';
export * from './durations';
export * from './scope';
export * from './volumeCounts';
export * from './moverProgress';
export * from './storage/storageKeys';
export * from './storage/fileFormats';
export * from './storage/s3Settings';
export * from './storage/awsCredentials';
export * from './cron';
export * from './schedule/reconcileSchedule';
export * from './filters/glob';
export * from './filters/wildcard';
export * from './filters/IncludesExcludes';
export * from './filters/NamespaceFilter';
export * from './filters/ResourceFilter';
export * from './filters/OldResourceFilter';
export * from './filters/ScopedResourceFilter';
export * from './filters/backupResourceFilter';
export * from './validation/lists';
export * from './validation/labelSelector';
export * from './validation/fields';
export * from './validation/validateBackupSpec';
export * from './validation/validateRestoreSpec';
export * from './validation/validateScheduleSpec';
export * from './validation/validateBackupStorageLocationSpec';
export * from './validation/validateDeleteBackupRequestSpec';
export * from './crds/CustomResourceDefinition';
export { customResourceDefinitions } from './crds/customResourceDefinitions';
