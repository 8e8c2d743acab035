import { compileGlob } from './glob';

/**
 * Whether a namespace name holds one of the pattern characters `*`, `?`, `[`.
 *
 * @public
 */
export function isWildcard(name: string): boolean {
  return /[*?[]/.test(name);
}

/**
 * What is wrong with a namespace pattern. Names without pattern characters are checked too, as Velero does.
 *
 * @returns A message in Velero's words, or `undefined`.
 *
 * @public
 */
export function wildcardProblem(pattern: string): string | undefined {
  if (/[|()!{},]/.test(pattern)) {
    return 'wildcard pattern contains unsupported characters: |, (, ), !, {, }, ,';
  }
  if (pattern.includes('**')) {
    return 'wildcard pattern contains consecutive asterisks (only single * allowed)';
  }
  return bracketProblem(pattern);
}

/**
 * What is wrong with the brackets of a namespace pattern.
 *
 * @public
 */
export function bracketProblem(pattern: string): string | undefined {
  let index = 0;
  while (index < pattern.length) {
    if (pattern[index] === ']') {
      return "wildcard pattern contains unmatched closing bracket ']'";
    }
    if (pattern[index] === '[') {
      const close = pattern.indexOf(']', index + 1);
      if (close < 0) {
        return "wildcard pattern contains unclosed bracket '['";
      }
      if (close === index + 1) {
        return "wildcard pattern contains empty bracket pattern '[]'";
      }
      index = close;
    }
    index++;
  }
  return undefined;
}

/**
 * Whether namespace lists need {@link expandNamespaceWildcards}. Not if everything is included: then nothing is gained.
 *
 * @public
 */
export function shouldExpandWildcards(
  includes: readonly string[],
  excludes: readonly string[],
): boolean {
  if (includes.length === 0 || includes.includes('*')) {
    return false;
  }
  return includes.some(isWildcard) || excludes.some(isWildcard);
}

/**
 * Replaces each pattern by the namespaces it matches; plain names stay, also those of namespaces that do not exist.
 *
 * @returns Sorted, each name once.
 * @throws Error if a pattern is invalid.
 *
 * @public
 */
export function expandPatterns(
  patterns: readonly string[],
  namespaces: readonly string[],
): string[] {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const problem = wildcardProblem(pattern);
    if (problem) {
      throw new Error(problem);
    }
  }
  for (const pattern of patterns) {
    if (!isWildcard(pattern)) {
      found.add(pattern);
      continue;
    }
    const matchesPattern = compileGlob(pattern);
    for (const namespace of namespaces) {
      if (matchesPattern(namespace)) {
        found.add(namespace);
      }
    }
  }
  return [...found].sort();
}

/**
 * {@link expandPatterns} for both lists of a filter.
 *
 * @public
 */
export function expandNamespaceWildcards(
  namespaces: readonly string[],
  includes: readonly string[],
  excludes: readonly string[],
): { includes: string[]; excludes: string[] } {
  return {
    includes: expandPatterns(includes, namespaces),
    excludes: expandPatterns(excludes, namespaces),
  };
}

/**
 * {@link expandNamespaceWildcards} for a Restore, against the namespaces that are in the backup.
 *
 * @throws Error also if `*` is excluded.
 *
 * @public
 */
export function expandRestoreNamespaces(
  namespacesInBackup: readonly string[],
  includes: readonly string[],
  excludes: readonly string[],
): { includes: string[]; excludes: string[] } {
  if (excludes.includes('*')) {
    throw new Error("wildcard '*' is not allowed in restore excludes");
  }
  return shouldExpandWildcards(includes, excludes)
    ? expandNamespaceWildcards(namespacesInBackup, includes, excludes)
    : { includes: [...includes], excludes: [...excludes] };
}
