import { createApiRef } from '@backstage/frontend-plugin-api';
import type { BackupApi } from '@lifeboat/backstage-plugin-backup-common';

/**
 * The backup plugin's REST API in the browser. Replace it to answer from elsewhere.
 *
 * @public
 */
export const backupApiRef = createApiRef<BackupApi>().with({
  id: 'plugin.backup.api',
  pluginId: 'backup',
});
