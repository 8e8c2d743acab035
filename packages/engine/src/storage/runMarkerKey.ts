import type { StorageKeys } from '@lifeboat/velero-api';

/** Where a backup under way is marked as such: a file of its folder that Velero does not know. */
export function runMarkerKey(keys: StorageKeys, backup: string): string {
  return `${keys.backup(backup).directory}${backup}-lifeboat-running.json`;
}
