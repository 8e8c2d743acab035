import type { ResourcePermission } from '@backstage/plugin-permission-common';

/** A permission on a catalog entity; the catalog evaluates conditional decisions. */
export type EntityPermission = ResourcePermission<'catalog-entity'>;
