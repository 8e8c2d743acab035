/**
 * Kopia repositories, read and written in TypeScript.
 *
 * @packageDocumentation
 */
export type {
  BlobCallOptions,
  BlobMetadata,
  BlobRange,
  BlobStorage,
  PutOptions,
} from './blob/BlobStorage';
export { FolderStorage } from './blob/FolderStorage';
export { MemoryStorage } from './blob/MemoryStorage';
export { S3Storage } from './blob/S3Storage';
export type { S3Options } from './blob/S3Storage';
export { openStorage } from './blob/openStorage';
export type { OpenStorageOptions } from './blob/openStorage';
export { readOnly } from './blob/readOnly';
export { withLogging } from './blob/withLogging';
export { withMetrics, withObserver } from './blob/withObserver';
export type { BlobCall, BlobMetrics } from './blob/withObserver';
export { withRetry } from './blob/withRetry';
export type { RetryOptions } from './blob/withRetry';
export { withTimeout } from './blob/withTimeout';
export type { Clock, RandomBytes } from './clock';
export { writableCompressors } from './compression/compressors';
export { encryptionNames } from './encryption/ContentCipher';
export { isKopiaError, KopiaError } from './errors';
export type { ErrorPlace, KopiaErrorCode } from './errors';
export type { BlobConfig } from './format/blobConfig';
export type { KeyDerivation } from './format/formatKey';
export { hashNames } from './hashing/ContentHash';
export {
  initializeRepository,
  maintenanceParameters,
  setMaintenanceParameters,
} from './maintenance/parameters';
export type { MaintenanceParameters } from './maintenance/parameters';
export { runMaintenance } from './maintenance/runMaintenance';
export type {
  MaintenanceOptions,
  MaintenanceReport,
} from './maintenance/runMaintenance';
export type { SnapshotGcReport } from './maintenance/snapshotGc';
export { Repository } from './Repository';
export type { ClientIdentity, CreateOptions, OpenOptions } from './Repository';
export { restoreTree } from './restore/restoreTree';
export type {
  RestoreError,
  RestoreOptions,
  RestoreProgress,
  RestoreReport,
} from './restore/restoreTree';
export { readFile, restoreToDevice, tarOf, zipOf } from './restore/streams';
export type { StreamOptions } from './restore/streams';
export { verifyContents, verifySnapshots } from './restore/verify';
export type { Damage, VerifyOptions, VerifyReport } from './restore/verify';
export { fromGoMode } from './snapshot/DirectoryEntry';
export type {
  DirectoryEntry,
  DirectorySummary,
  EntryError,
} from './snapshot/DirectoryEntry';
export { ensurePolicy, setPolicy } from './snapshot/policy';
export type { Policy, RetentionPolicy } from './snapshot/policy';
export { applyRetention } from './snapshot/retention';
export type {
  SnapshotManifest,
  SnapshotSource,
  SnapshotStats,
} from './snapshot/SnapshotManifest';
export {
  deleteSnapshot,
  findEntry,
  getSnapshot,
  listSnapshots,
  readDirectory,
  rootOf,
  walkSnapshot,
} from './snapshot/snapshots';
export type { PathEntry, SnapshotFilter } from './snapshot/snapshots';
export type { AttributeCounts } from './snapshot/upload/countAttributes';
export {
  uploadDevice,
  uploadStream,
  uploadTree,
} from './snapshot/upload/uploadSnapshot';
export type {
  UploadOptions,
  UploadResult,
} from './snapshot/upload/uploadSnapshot';
export type {
  LostMetadata,
  ReportedLostMetadata,
  UploadProgress,
  UploadReport,
} from './snapshot/upload/uploadReport';
export {
  markVeleroRepository,
  veleroIdentity,
  veleroPolicy,
  veleroRepositoryState,
  veleroSnapshot,
} from './velero/veleroRepository';
export type { VeleroSnapshotOptions } from './velero/veleroRepository';
export { splitterNames } from './splitter/splitterParameters';
