import { IncludesExcludes } from './IncludesExcludes';
import { expandNamespaceWildcards, shouldExpandWildcards } from './wildcard';

/**
 * Which namespaces a backup takes. Patterns are replaced by the names of the namespaces that exist.
 * Velero: `NamespaceIncludesExcludes`.
 *
 * @public
 */
export class NamespaceFilter {
  /** The lists, after replacing patterns. */
  readonly lists: IncludesExcludes;
  /** Whether patterns were replaced: then empty `includes` mean that none matched, not that all are taken. */
  readonly wildcardExpanded: boolean;
  readonly #existing: readonly string[];

  private constructor(
    lists: IncludesExcludes,
    wildcardExpanded: boolean,
    existing: readonly string[],
  ) {
    this.lists = lists;
    this.wildcardExpanded = wildcardExpanded;
    this.#existing = existing;
  }

  /**
   * @param existing - Names of the namespaces in the cluster.
   * @throws Error if a pattern is invalid.
   */
  static create(
    includes: readonly string[] | undefined,
    excludes: readonly string[] | undefined,
    existing: readonly string[],
  ): NamespaceFilter {
    const wanted = includes ?? [];
    const unwanted = excludes ?? [];
    if (!shouldExpandWildcards(wanted, unwanted)) {
      return new NamespaceFilter(
        new IncludesExcludes(wanted, unwanted),
        false,
        existing,
      );
    }
    const expanded = expandNamespaceWildcards(existing, wanted, unwanted);
    return new NamespaceFilter(
      new IncludesExcludes(expanded.includes, expanded.excludes),
      true,
      existing,
    );
  }

  /** Whether a namespace is taken. */
  shouldInclude(namespace: string): boolean {
    if (this.wildcardExpanded && this.lists.includes.length === 0) {
      return false;
    }
    return this.lists.shouldInclude(namespace);
  }

  /** Whether all namespaces are taken, also those made later. */
  includeEverything(): boolean {
    return !this.wildcardExpanded && this.lists.includeEverything();
  }

  /** The namespaces that exist and are taken, in the order given. */
  namespaces(): string[] {
    return this.#existing.filter(name => this.shouldInclude(name));
  }
}
