const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const longestLabel = 63;

/** The patterns with the source namespace filled in, such as `shop-*`. */
export function patternsFor(targets: string[], source: string): string[] {
  return targets.map(target => target.replaceAll('{{namespace}}', source));
}

/** Whether a name fits a pattern, in which `*` stands for at least one character. */
export function fitsPattern(name: string, pattern: string): boolean {
  const expression = pattern
    .split('*')
    .map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  return new RegExp(`^${expression}$`).test(name);
}

/** Why a text cannot be the name of a namespace; undefined when it can. */
export function namespaceNameProblem(name: string): string | undefined {
  if (name.length > longestLabel) {
    return `"${name}" is longer than ${longestLabel} characters`;
  }
  return dnsLabel.test(name)
    ? undefined
    : `"${name}" is not a namespace name: use lower-case letters, digits and hyphens, with a letter or digit at both ends`;
}

/** Names of the cluster itself: restores never create them. */
export function isReserved(name: string): boolean {
  return name === 'default' || /^(kube|openshift)(-|$)/.test(name);
}

/**
 * Names to try for a copy, best first: `shop-restore-1123`, `shop-restore-1123-2`, …
 * Each fits one of the patterns and is a valid name.
 */
export function* namespaceSuggestions(
  patterns: string[],
  now: Date,
  tries = 50,
): Generator<string> {
  const day = now.toISOString().slice(5, 10).replace('-', '');
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const suffix = attempt === 1 ? '' : `-${attempt}`;
    for (const pattern of patterns) {
      for (const word of [`restore-${day}`, `r${day}`]) {
        const name = pattern.replace('*', `${word}${suffix}`);
        if (!name.includes('*') && namespaceNameProblem(name) === undefined) {
          yield name;
          break;
        }
      }
    }
  }
}
