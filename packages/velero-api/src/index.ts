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
export * from './durations';
export * from './scope';
export * from './storage/storageKeys';
export * from './storage/fileFormats';
