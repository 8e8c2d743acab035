import { wildcardProblem } from '../filters/wildcard';

const onlyStar =
  "list must either contain '*' only, or a non-empty list of items";

/**
 * What is wrong with a pair of lists of the old resource filters. Velero: `ValidateIncludesExcludes`.
 *
 * @public
 */
export function validateIncludesExcludes(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): string[] {
  const included = new Set(includes);
  const excluded = new Set(excludes);
  const problems: string[] = [];
  if (included.size > 1 && included.has('*')) {
    problems.push(`includes ${onlyStar}`);
  }
  if (excluded.has('*')) {
    problems.push("excludes list cannot contain '*'");
  }
  return [...problems, ...inBoth(included, excluded)];
}

/**
 * What is wrong with a pair of lists of the scoped resource filters. Velero: `ValidateScopedIncludesExcludes`.
 *
 * @public
 */
export function validateScopedIncludesExcludes(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): string[] {
  const included = new Set(includes);
  const excluded = new Set(excludes);
  const problems: string[] = [];
  if (included.size > 1 && included.has('*')) {
    problems.push(`includes ${onlyStar}`);
  }
  if (excluded.size > 1 && excluded.has('*')) {
    problems.push(`excludes ${onlyStar}`);
  }
  if (included.size > 0 && excluded.has('*')) {
    problems.push("when exclude is '*', include cannot have value");
  }
  return [...problems, ...inBoth(included, excluded)];
}

/**
 * What is wrong with a pair of lists of namespaces. Velero: `ValidateNamespaceIncludesExcludes`.
 *
 * @public
 */
export function validateNamespaceIncludesExcludes(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): string[] {
  return [
    ...validateIncludesExcludes(includes, excludes),
    ...sortedUnique(includes).flatMap(validateNamespacePattern),
    ...sortedUnique(excludes).flatMap(validateNamespacePattern),
  ];
}

/**
 * What is wrong with the name of a namespace or with a pattern for names. Empty is right: it stands for "no namespace".
 *
 * @public
 */
export function validateNamespacePattern(pattern: string): string[] {
  if (pattern === '') {
    return [];
  }
  const problem = wildcardProblem(pattern);
  if (problem) {
    return [problem];
  }
  return dnsLabelProblems(pattern.replace(/[*?[\]]/g, 'x')).map(
    message => `invalid namespace "${pattern}": ${message}`,
  );
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * What is wrong with a text as a DNS label (RFC 1123), in Kubernetes' words.
 *
 * @public
 */
export function dnsLabelProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 63) {
    problems.push('must be no more than 63 bytes');
  }
  if (!dnsLabel.test(value)) {
    problems.push(
      dnsSubdomain.test(value)
        ? 'must not contain dots'
        : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    );
  }
  return problems;
}

/**
 * What is wrong with a text as the name of an object (RFC 1123 subdomain), in Kubernetes' words.
 *
 * @public
 */
export function dnsSubdomainProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 253) {
    problems.push('must be no more than 253 bytes');
  }
  if (!dnsSubdomain.test(value)) {
    problems.push(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  }
  return problems;
}

function inBoth(included: Set<string>, excluded: Set<string>): string[] {
  return [...excluded]
    .sort()
    .filter(item => included.has(item))
    .map(
      item =>
        `excludes list cannot contain an item in the includes list: ${item}`,
    );
}

function sortedUnique(list: readonly string[] | undefined): string[] {
  return [...new Set(list)].sort();
}
