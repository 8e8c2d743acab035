import { IncludesExcludes } from './IncludesExcludes';
import type { NamespaceFilter } from './NamespaceFilter';
import type { ResolveResource, ResourceFilter } from './ResourceFilter';

/**
 * `includedResources` and `excludedResources` with names resolved; a name that discovery does not know is kept, so that a
 * list of unknown names never turns into "everything".
 *
 * @public
 */
export function resolveResourceLists(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
  resolve: ResolveResource,
): IncludesExcludes {
  const name = (item: string) => resolve(item)?.groupResource ?? item;
  return new IncludesExcludes(
    (includes ?? []).map(item => (item === '*' ? item : name(item))),
    (excludes ?? []).filter(item => item !== '*').map(name),
  );
}

/**
 * The old filters: one pair of lists for all types and `includeClusterResources`. Velero: `GlobalIncludesExcludes`.
 *
 * @public
 */
export class OldResourceFilter implements ResourceFilter {
  readonly lists: IncludesExcludes;
  readonly #includeClusterResources: boolean | undefined;
  readonly #namespaces: Pick<NamespaceFilter, 'includeEverything'>;
  readonly #resolve: ResolveResource;

  constructor(
    options: {
      includedResources?: readonly string[];
      excludedResources?: readonly string[];
      includeClusterResources?: boolean | null;
    },
    namespaces: Pick<NamespaceFilter, 'includeEverything'>,
    resolve: ResolveResource,
  ) {
    this.lists = resolveResourceLists(
      options.includedResources,
      options.excludedResources,
      resolve,
    );
    this.#includeClusterResources =
      options.includeClusterResources ?? undefined;
    this.#namespaces = namespaces;
    this.#resolve = resolve;
  }

  shouldInclude(groupResource: string): boolean {
    const resource = this.#resolve(groupResource);
    if (!resource) {
      return false;
    }
    if (!resource.namespaced) {
      if (this.#includeClusterResources === false) {
        return false;
      }
      if (
        this.#includeClusterResources === undefined &&
        groupResource !== 'namespaces' &&
        !this.#namespaces.includeEverything()
      ) {
        return false;
      }
    }
    return this.lists.shouldInclude(groupResource);
  }

  shouldExclude(groupResource: string): boolean {
    if (this.lists.excludesName(groupResource)) {
      return true;
    }
    const resource = this.#resolve(groupResource);
    if (!resource) {
      return true;
    }
    return (
      !resource.namespaced &&
      (this.#includeClusterResources === false ||
        (this.#includeClusterResources === undefined &&
          !this.lists.shouldInclude(groupResource)))
    );
  }
}
