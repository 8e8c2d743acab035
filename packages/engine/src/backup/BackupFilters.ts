import {
  backupResourceFilter,
  BackupSpec,
  createResourceResolver,
  NamespaceFilter,
  ResourceFilter,
  ScopedResourceLists,
} from '@lifeboat/velero-api';
import type { Discovery } from '../cluster/Discovery';

/** Which namespaces a run takes; globs have been expanded. */
export interface NamespaceChoice {
  shouldInclude(namespace: string): boolean;
  /** Nothing is left out. */
  includesEverything: boolean;
  /** Namespaces to list one by one; undefined for one list over all namespaces. */
  toList: string[] | undefined;
}

/** What a backup takes. */
export interface BackupFilters {
  namespaces: NamespaceChoice;
  types: ResourceFilter;
}

/**
 * The filters of a Backup.
 *
 * @param existing - names of the namespaces in the cluster, for globs; may be empty when there are none
 * @param controlNamespace - never part of a backup: its run-time resources in a tarball have destroyed other backups' data
 * @param policy - lists of a resource policy, for types of which the spec says nothing
 * @throws Error if a namespace pattern is invalid
 */
export function backupFilters(
  spec: BackupSpec,
  discovery: Pick<Discovery, 'preferred'>,
  existing: string[],
  controlNamespace: string | undefined,
  policy?: ScopedResourceLists,
): BackupFilters {
  const namespaces = NamespaceFilter.create(
    spec.includedNamespaces,
    spec.excludedNamespaces,
    existing,
  );
  const { includes } = namespaces.lists;
  const all =
    !namespaces.wildcardExpanded &&
    (includes.length === 0 || includes.includes('*'));
  const shouldInclude = (name: string) =>
    name !== controlNamespace && namespaces.shouldInclude(name);
  return {
    namespaces: {
      shouldInclude,
      includesEverything: namespaces.includeEverything(),
      toList: all
        ? undefined
        : includes.filter(name => name !== '' && shouldInclude(name)),
    },
    types: backupResourceFilter(
      spec,
      namespaces,
      createResourceResolver(discovery.preferred),
      policy,
    ),
  };
}
