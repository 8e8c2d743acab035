/**
 * Scaffolder actions of plugin `backup`.
 *
 * @packageDocumentation
 */
export { scaffolderModuleBackup as default } from './module';
export { createBackupAction } from './actions/createBackupAction';
export { createRestoreAction } from './actions/createRestoreAction';
export type { BackupActionOptions } from './actions/asUser';
