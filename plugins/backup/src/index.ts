/**
 * Backups of a catalog component on its own page: recovery points, restores and
 * schedules. For Backstage's new frontend system; the legacy one finds the same
 * under `/legacy`.
 *
 * @packageDocumentation
 */
export { backupPlugin, backupPlugin as default } from './plugin';
export { backupApiRef } from './backupApiRef';
export { backupTranslationRef } from './translations/ref';
