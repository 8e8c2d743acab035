import { RESOURCE_TYPE_CATALOG_ENTITY } from '@backstage/plugin-catalog-common/alpha';
import { createPermission } from '@backstage/plugin-permission-common';

/** See an entity's recovery points, restores, schedules and logs. @public */
export const backupPointReadPermission = createPermission({
  name: 'backup.point.read',
  attributes: { action: 'read' },
  resourceType: RESOURCE_TYPE_CATALOG_ENTITY,
});

/** Back an entity up. @public */
export const backupPointCreatePermission = createPermission({
  name: 'backup.point.create',
  attributes: { action: 'create' },
  resourceType: RESOURCE_TYPE_CATALOG_ENTITY,
});

/** Delete an entity's recovery points, with their data. @public */
export const backupPointDeletePermission = createPermission({
  name: 'backup.point.delete',
  attributes: { action: 'delete' },
  resourceType: RESOURCE_TYPE_CATALOG_ENTITY,
});

/** Restore an entity, as a copy or in place. @public */
export const backupRestoreCreatePermission = createPermission({
  name: 'backup.restore.create',
  attributes: { action: 'create' },
  resourceType: RESOURCE_TYPE_CATALOG_ENTITY,
});

/** Create, change, run and delete an entity's schedules. @public */
export const backupScheduleManagePermission = createPermission({
  name: 'backup.schedule.manage',
  attributes: { action: 'update' },
  resourceType: RESOURCE_TYPE_CATALOG_ENTITY,
});

/** See the state of the whole installation. @public */
export const backupAdminReadPermission = createPermission({
  name: 'backup.admin.read',
  attributes: { action: 'read' },
});

/** All permissions of the backup plugin. @public */
export const backupPermissions = [
  backupPointReadPermission,
  backupPointCreatePermission,
  backupPointDeletePermission,
  backupRestoreCreatePermission,
  backupScheduleManagePermission,
  backupAdminReadPermission,
];
