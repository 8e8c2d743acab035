import { compileGlob } from './glob';

/**
 * Two lists of names or globs: what to take and what to leave out. Leaving out wins; an empty list of what to take means
 * everything. Velero: `IncludesExcludes`.
 *
 * @public
 */
export class IncludesExcludes {
  /** Sorted, each once. */
  readonly includes: readonly string[];
  /** Sorted, each once. */
  readonly excludes: readonly string[];
  readonly #included: (name: string) => boolean;
  readonly #excluded: (name: string) => boolean;

  constructor(
    includes: readonly string[] = [],
    excludes: readonly string[] = [],
  ) {
    this.includes = [...new Set(includes)].sort();
    this.excludes = [...new Set(excludes)].sort();
    this.#included = anyOf(this.includes);
    this.#excluded = anyOf(this.excludes);
  }

  /** Whether a name is taken. */
  shouldInclude(name: string): boolean {
    return (
      !this.#excluded(name) &&
      (this.includes.length === 0 || this.#included(name))
    );
  }

  /** Whether a name is in the list of what to take, literally or by a glob. An empty list has none. */
  includesName(name: string): boolean {
    return this.#included(name);
  }

  /** Whether a name is in the list of what to leave out, literally or by a glob. */
  excludesName(name: string): boolean {
    return this.#excluded(name);
  }

  /** Whether nothing is left out. */
  includeEverything(): boolean {
    return (
      this.excludes.length === 0 &&
      (this.includes.length === 0 ||
        (this.includes.length === 1 && this.includes[0] === '*'))
    );
  }

  /** The first list for people: `bar, foo`, or `*`. */
  includesText(): string {
    return this.includes.length === 0 ? '*' : this.includes.join(', ');
  }

  /** The second list for people: `bar, foo`, or `<none>`. */
  excludesText(): string {
    return this.excludes.length === 0 ? '<none>' : this.excludes.join(', ');
  }
}

function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const literals = new Set(patterns);
  const globs = patterns.flatMap(pattern => {
    if (!/[*?[{\\]/.test(pattern)) {
      return [];
    }
    try {
      return [compileGlob(pattern)];
    } catch {
      return [];
    }
  });
  return name => literals.has(name) || globs.some(matches => matches(name));
}
