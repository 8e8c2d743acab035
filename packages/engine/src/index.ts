/**
 * Lifeboat's backup engine as a library: clients for clusters and storage, the
 * readers of backups, consent, and the pure decisions that the portal shares.
 *
 * @packageDocumentation
 */
export * from './cluster/ApiError';
export { systemClock, type Clock } from './cluster/Clock';
export * from './cluster/ClusterClient';
export * from './cluster/ClusterConnection';
export * from './cluster/createClusterClient';
export type { Discovery } from './cluster/Discovery';
export type { Fence } from './cluster/Fence';
export * from './cluster/json';
export * from './cluster/knownTypes';
export * from './cluster/KubernetesObject';
export type { Lease } from './cluster/LeaderLease';
export { LeaseLostError } from './cluster/LeaseLostError';
export type { ReadonlyCache } from './cluster/ReadonlyCache';
export * from './cluster/ResourceType';
export { withFence } from './cluster/withFence';
export * from './config/EngineConfig';
export * from './config/Logger';
export {
  readDataPathConfig,
  readEngineConfig,
} from './config/readEngineConfig';
export * from './consent/decideConsent';
export {
  bothSelectors,
  parseRequirements,
  parseSelector,
  selectorProblem,
} from './consent/labelSelector';
export * from './consent/readConsent';
export { engineLease, type ClusterState } from './controllers/ClusterEngine';
export * from './controllers/Controller';
export type { EngineMessage } from './EngineProcess';
export type {
  BackupFile,
  BackupStore,
  LogText,
  ReadOptions,
  RestoreFile,
} from './storage/BackupStore';
export { FilesystemObjectStore } from './storage/FilesystemObjectStore';
export { ObjectBackupStore } from './storage/ObjectBackupStore';
export * from './storage/ObjectStore';
export { openBackupStore } from './storage/openBackupStore';
export * from './storage/openObjectStore';
export * from './storage/RecordSigner';
export {
  S3ObjectStore,
  type S3ObjectStoreOptions,
} from './storage/S3ObjectStore';
export * from './storage/signRecords';
export { withLogging } from './storage/withLogging';
export { withRetry } from './storage/withRetry';
export {
  BackupContents,
  defaultContentsLimits,
  type ContentsItem,
  type ContentsLimits,
} from './restore/read/BackupContents';
export {
  ContentsError,
  type ContentsProblem,
} from './restore/read/ContentsError';
export {
  clusterRoleProblem,
  defaultAllowedClusterRoles,
} from './restore/limits/allowedClusterRoles';
export {
  planRestore,
  type PlannedItem,
  type PlannedVolume,
  type PlanRestoreOptions,
  type RestorePlan,
} from './restore/planRestore';
