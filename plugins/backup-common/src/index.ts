/**
 * What the frontend, the backend and the scaffolder module of plugin `backup`
 * share.
 *
 * @packageDocumentation
 */
export { openApiDocument } from './api/openapi';
export type { components, operations, paths } from './api/schema.generated';
export type * from './api/viewModels';
export type * from './client/BackupApi';
export { BackupClient } from './client/BackupClient';
export type { BackupClientOptions } from './client/BackupClient';
export { problemOf } from './client/problemOf';
export * from './annotations';
export { objectsOnlyText } from './objectsOnly';
export * from './permissions';
