import { Manifest } from '../application/Manifest';
import {
  AllowedDifference,
  allowedDifferences,
  derivedKinds,
  PairContext,
} from './allowedDifferences';
import { formatPath, matchesPattern, parsePattern, Step } from './jsonPath';

/** Something that should be alike and is not. */
export interface Difference {
  /** Kind and name, such as `Secret db-credentials`. */
  object: string;
  /** JSON path; empty when the whole object is missing or too many. */
  path: string;
  original?: unknown;
  copy?: unknown;
}

export interface Comparison {
  /** Pairs of objects compared. */
  objects: number;
  /** Fields compared, allowed differences included. */
  fields: number;
  differences: Difference[];
  /** How often each allowed difference was met. */
  allowed: { path: string; reason: string; count: number }[];
}

export interface ComparisonOptions {
  sourceNamespace: string;
  targetNamespace: string;
}

interface Rule extends AllowedDifference {
  pattern: (Step | '**')[];
  exceptions: (Step | '**')[][];
}

const rules: Rule[] = allowedDifferences.map(rule => ({
  ...rule,
  pattern: parsePattern(rule.path),
  exceptions: (rule.except ?? []).map(parsePattern),
}));

function groupOf(manifest: Manifest): string {
  const [group] = manifest.apiVersion.includes('/')
    ? manifest.apiVersion.split('/')
    : [''];
  return group;
}

function identityOf(manifest: Manifest): string {
  return `${groupOf(manifest)}/${manifest.kind}/${manifest.metadata.name}`;
}

function titleOf(manifest: Manifest): string {
  return `${manifest.kind} ${manifest.metadata.name}`;
}

function ownerOf(manifest: Manifest): string {
  return (manifest.metadata.ownerReferences ?? [])
    .map(owner => `${owner.kind}/${owner.name}`)
    .sort()
    .join(',');
}

/** Owner references in an order of their own, so that they are compared by kind and name. */
function withSortedOwners(manifest: Manifest): Manifest {
  const owners = manifest.metadata.ownerReferences;
  if (!owners) return manifest;
  const sorted = [...owners].sort((a, b) =>
    `${a.kind}/${a.name}`.localeCompare(`${b.kind}/${b.name}`),
  );
  return {
    ...manifest,
    metadata: { ...manifest.metadata, ownerReferences: sorted },
  };
}

interface Pairs {
  pairs: [Manifest, Manifest][];
  missing: Manifest[];
  extra: Manifest[];
}

/** Pairs by kind and name; pods of the same ReplicaSet in any order. */
function pairUp(originals: Manifest[], copies: Manifest[]): Pairs {
  const pairs: [Manifest, Manifest][] = [];
  const byIdentity = new Map(copies.map(copy => [identityOf(copy), copy]));
  const left: Manifest[] = [];
  for (const original of originals) {
    const copy = byIdentity.get(identityOf(original));
    if (copy) {
      pairs.push([original, copy]);
      byIdentity.delete(identityOf(original));
    } else left.push(original);
  }
  const missing: Manifest[] = [];
  for (const original of left) {
    const owner = ownerOf(original);
    const replaced =
      original.kind === 'Pod' && owner.startsWith('ReplicaSet/')
        ? [...byIdentity.values()].find(
            copy => copy.kind === 'Pod' && ownerOf(copy) === owner,
          )
        : undefined;
    if (replaced) {
      pairs.push([original, replaced]);
      byIdentity.delete(identityOf(replaced));
    } else missing.push(original);
  }
  return { pairs, missing, extra: [...byIdentity.values()] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Calls back for every field in which two values differ; returns the number of fields seen. */
function walk(
  original: unknown,
  copy: unknown,
  steps: Step[],
  onDifference: (steps: Step[], original: unknown, copy: unknown) => void,
): number {
  if (Array.isArray(original) || Array.isArray(copy)) {
    const one = original ?? [];
    const other = copy ?? [];
    if (!Array.isArray(one) || !Array.isArray(other)) {
      onDifference(steps, original, copy);
      return 1;
    }
    let fields = 0;
    for (
      let index = 0;
      index < Math.max(one.length, other.length);
      index += 1
    ) {
      fields += walk(one[index], other[index], [...steps, index], onDifference);
    }
    return fields;
  }
  if (isObject(original) || isObject(copy)) {
    const one = original ?? {};
    const other = copy ?? {};
    if (!isObject(one) || !isObject(other)) {
      onDifference(steps, original, copy);
      return 1;
    }
    let fields = 0;
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      fields += walk(one[key], other[key], [...steps, key], onDifference);
    }
    return fields;
  }
  if (original !== copy) onDifference(steps, original, copy);
  return 1;
}

function ruleFor(
  steps: Step[],
  original: unknown,
  copy: unknown,
  context: PairContext,
): Rule | undefined {
  return rules.find(
    rule =>
      (!rule.kinds || rule.kinds.includes(context.original.kind)) &&
      matchesPattern(rule.pattern, steps) &&
      !rule.exceptions.some(exception => matchesPattern(exception, steps)) &&
      (!rule.when || rule.when(original, copy, context)),
  );
}

/** Owner references of a copy that lead to nothing in the copy: equal UIDs on both sides are wrong here. */
function foreignOwners(
  copy: Manifest,
  copyIndex: Map<string | undefined, Manifest>,
): Difference[] {
  return (copy.metadata.ownerReferences ?? []).flatMap((owner, index) =>
    copyIndex.has(owner.uid)
      ? []
      : [
          {
            object: titleOf(copy),
            path: `metadata.ownerReferences[${index}].uid`,
            original: `the restored ${owner.kind} ${owner.name}`,
            copy: owner.uid,
          },
        ],
  );
}

/**
 * Compares every object of an application with its restored copy, field by field.
 *
 * Only differences of the closed list `allowedDifferences` pass; missing and additional objects are differences too.
 */
export function compareApplications(
  originals: Manifest[],
  copies: Manifest[],
  options: ComparisonOptions,
): Comparison {
  const isPart = (manifest: Manifest) => !(manifest.kind in derivedKinds);
  const one = originals.filter(isPart).map(withSortedOwners);
  const other = copies.filter(isPart).map(withSortedOwners);
  const index = (all: Manifest[]) =>
    new Map(all.map(each => [each.metadata.uid, each]));
  const originalIndex = index(one);
  const copyIndex = index(other);
  const { pairs, missing, extra } = pairUp(one, other);
  const differences: Difference[] = [
    ...missing.map(each => ({
      object: titleOf(each),
      path: '',
      original: 'present',
      copy: 'missing',
    })),
    ...extra.map(each => ({
      object: titleOf(each),
      path: '',
      original: 'missing',
      copy: 'present',
    })),
  ];
  const met = new Map<Rule, number>();
  let fields = 0;
  for (const [original, copy] of pairs) {
    const context: PairContext = {
      original,
      copy,
      ...options,
      copyByUid: uid => copyIndex.get(uid),
      originalByUid: uid => originalIndex.get(uid),
    };
    differences.push(...foreignOwners(copy, copyIndex));
    fields += walk(original, copy, [], (steps, before, after) => {
      const rule = ruleFor(steps, before, after, context);
      if (rule) met.set(rule, (met.get(rule) ?? 0) + 1);
      else {
        differences.push({
          object: titleOf(original),
          path: formatPath(steps),
          original: before,
          copy: after,
        });
      }
    });
  }
  return {
    objects: pairs.length,
    fields,
    differences,
    allowed: [...met].map(([rule, count]) => ({
      path: rule.path,
      reason: rule.reason,
      count,
    })),
  };
}
