import { createRouteRef } from '@backstage/frontend-plugin-api';

/** The entity's tab "Backups". */
export const backupsRouteRef = createRouteRef();
