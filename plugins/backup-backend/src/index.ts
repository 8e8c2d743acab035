/**
 * Backend of plugin `backup`.
 *
 * @packageDocumentation
 */
export { backupPlugin as default } from './plugin';
