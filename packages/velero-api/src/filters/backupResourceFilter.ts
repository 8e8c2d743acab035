import type { BackupSpec } from '../resources/Backup';
import type { NamespaceFilter } from './NamespaceFilter';
import { OldResourceFilter } from './OldResourceFilter';
import type { ResolveResource, ResourceFilter } from './ResourceFilter';
import {
  ScopedResourceFilter,
  type ScopedResourceLists,
} from './ScopedResourceFilter';

/**
 * Whether a BackupSpec uses the old filters. Without any filter it does not. Velero: `UseOldResourceFilters`.
 *
 * @public
 */
export function usesOldResourceFilters(spec: BackupSpec): boolean {
  return (
    filled(spec.includedResources) ||
    filled(spec.excludedResources) ||
    isSet(spec.includeClusterResources)
  );
}

/**
 * Whether a BackupSpec uses the scoped filters.
 *
 * @public
 */
export function usesScopedResourceFilters(spec: BackupSpec): boolean {
  return (
    filled(spec.includedClusterScopedResources) ||
    filled(spec.excludedClusterScopedResources) ||
    filled(spec.includedNamespaceScopedResources) ||
    filled(spec.excludedNamespaceScopedResources)
  );
}

/**
 * The type filter of a BackupSpec, old or scoped.
 *
 * @param policy - Lists of a resource policy; only the scoped filters take them.
 *
 * @public
 */
export function backupResourceFilter(
  spec: BackupSpec,
  namespaces: NamespaceFilter,
  resolve: ResolveResource,
  policy?: ScopedResourceLists,
): ResourceFilter {
  return usesOldResourceFilters(spec)
    ? new OldResourceFilter(spec, namespaces, resolve)
    : ScopedResourceFilter.create(spec, namespaces, resolve).combineWithPolicy(
        policy,
      );
}

function filled(list: readonly string[] | null | undefined): boolean {
  return (list?.length ?? 0) > 0;
}

function isSet(value: boolean | null | undefined): boolean {
  return value !== undefined && value !== null;
}
