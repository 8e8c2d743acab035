import { IncludesExcludes } from './IncludesExcludes';
import type { NamespaceFilter } from './NamespaceFilter';
import type { ResolveResource, ResourceFilter } from './ResourceFilter';

/**
 * The four lists of the scoped filters, as in a BackupSpec and in a resource policy.
 *
 * @public
 */
export interface ScopedResourceLists {
  includedClusterScopedResources?: readonly string[];
  excludedClusterScopedResources?: readonly string[];
  includedNamespaceScopedResources?: readonly string[];
  excludedNamespaceScopedResources?: readonly string[];
}

/**
 * The scoped filters: a pair of lists for namespaced types and one for cluster-scoped types.
 * Velero: `ScopeIncludesExcludes`.
 *
 * @public
 */
export class ScopedResourceFilter implements ResourceFilter {
  readonly namespaceScoped: IncludesExcludes;
  readonly clusterScoped: IncludesExcludes;
  readonly #namespaces: Pick<NamespaceFilter, 'includeEverything'>;
  readonly #resolve: ResolveResource;

  private constructor(
    namespaceScoped: IncludesExcludes,
    clusterScoped: IncludesExcludes,
    namespaces: Pick<NamespaceFilter, 'includeEverything'>,
    resolve: ResolveResource,
  ) {
    this.namespaceScoped = namespaceScoped;
    this.clusterScoped = clusterScoped;
    this.#namespaces = namespaces;
    this.#resolve = resolve;
  }

  /** Names are resolved; a cluster-scoped type in a list for namespaced ones, and the other way round, is dropped. */
  static create(
    lists: ScopedResourceLists,
    namespaces: Pick<NamespaceFilter, 'includeEverything'>,
    resolve: ResolveResource,
  ): ScopedResourceFilter {
    const names = (items: readonly string[] | undefined, namespaced: boolean) =>
      (items ?? []).flatMap(item =>
        item === '*' ? [item] : resolveScoped(item, namespaced, resolve),
      );
    return new ScopedResourceFilter(
      new IncludesExcludes(
        names(lists.includedNamespaceScopedResources, true),
        names(lists.excludedNamespaceScopedResources, true),
      ),
      new IncludesExcludes(
        names(lists.includedClusterScopedResources, false),
        names(lists.excludedClusterScopedResources, false),
      ),
      namespaces,
      resolve,
    );
  }

  shouldInclude(groupResource: string): boolean {
    const resource = this.#resolve(groupResource);
    if (!resource) {
      return false;
    }
    if (resource.namespaced) {
      return this.namespaceScoped.shouldInclude(groupResource);
    }
    if (this.clusterScoped.excludesName(groupResource)) {
      return false;
    }
    return (
      this.#isFullBackup() ||
      this.clusterScoped.includesName(groupResource) ||
      groupResource === 'namespaces'
    );
  }

  shouldExclude(groupResource: string): boolean {
    const resource = this.#resolve(groupResource);
    if (!resource) {
      return true;
    }
    const lists = resource.namespaced
      ? this.namespaceScoped
      : this.clusterScoped;
    return lists.excludesName(groupResource);
  }

  /**
   * This filter with the lists of a resource policy added where it says nothing about a type itself.
   * Velero: `CombineWithPolicy`.
   */
  combineWithPolicy(
    policy: ScopedResourceLists | undefined,
  ): ScopedResourceFilter {
    if (!policy) {
      return this;
    }
    return new ScopedResourceFilter(
      combine(
        this.namespaceScoped,
        policy.includedNamespaceScopedResources,
        policy.excludedNamespaceScopedResources,
        item => resolveScoped(item, true, this.#resolve),
      ),
      combine(
        this.clusterScoped,
        policy.includedClusterScopedResources,
        policy.excludedClusterScopedResources,
        item => resolveScoped(item, false, this.#resolve),
      ),
      this.#namespaces,
      this.#resolve,
    );
  }

  /** Only a backup of everything takes all cluster-scoped types without being told. */
  #isFullBackup(): boolean {
    return (
      this.clusterScoped.includes.length === 0 &&
      this.clusterScoped.excludes.length === 0 &&
      this.#namespaces.includeEverything() &&
      this.namespaceScoped.includeEverything()
    );
  }
}

function resolveScoped(
  item: string,
  namespaced: boolean,
  resolve: ResolveResource,
): string[] {
  const resource = resolve(item);
  if (!resource) {
    return [item];
  }
  return resource.namespaced === namespaced ? [resource.groupResource] : [];
}

function combine(
  lists: IncludesExcludes,
  policyIncludes: readonly string[] | undefined,
  policyExcludes: readonly string[] | undefined,
  names: (item: string) => string[],
): IncludesExcludes {
  const undecided = (of: IncludesExcludes) => (name: string) =>
    !of.includesName(name) && !of.excludesName(name);
  const withExcludes = new IncludesExcludes(lists.includes, [
    ...lists.excludes,
    ...(policyExcludes ?? []).flatMap(names).filter(undecided(lists)),
  ]);
  return new IncludesExcludes(
    [
      ...withExcludes.includes,
      ...(policyIncludes ?? []).flatMap(names).filter(undecided(withExcludes)),
    ],
    withExcludes.excludes,
  );
}
