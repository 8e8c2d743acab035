import type { Repository } from '../Repository';
import { SnapshotSource } from './SnapshotManifest';

/** How many snapshots to keep; undefined or 0 rules do not count. @public */
export interface RetentionPolicy {
  readonly keepLatest?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepAnnual?: number;
  readonly ignoreIdenticalSnapshots?: boolean;
}

/** A policy as stored: rules for a source, a user, a host, or all. @public */
export interface Policy {
  readonly retention?: RetentionPolicy;
  readonly files?: {
    readonly ignore?: readonly string[];
    readonly noParentIgnore?: boolean;
    readonly ignoreDotFiles?: readonly string[];
    readonly noParentDotFiles?: boolean;
    readonly ignoreCacheDirs?: boolean;
    readonly maxFileSize?: number;
    readonly oneFileSystem?: boolean;
  };
  readonly errorHandling?: {
    readonly ignoreFileErrors?: boolean;
    readonly ignoreDirectoryErrors?: boolean;
    readonly ignoreUnknownTypes?: boolean;
  };
  readonly compression?: {
    readonly compressorName?: string;
    readonly onlyCompress?: readonly string[];
    readonly noParentOnlyCompress?: boolean;
    readonly neverCompress?: readonly string[];
    readonly noParentNeverCompress?: boolean;
    readonly minSize?: number;
    readonly maxSize?: number;
  };
  readonly metadataCompression?: { readonly compressorName?: string };
  readonly splitter?: { readonly algorithm?: string };
  readonly upload?: {
    readonly maxParallelSnapshots?: number;
    readonly maxParallelFileReads?: number;
    readonly parallelUploadAboveSize?: number;
  };
  readonly scheduling?: Readonly<Record<string, unknown>>;
  readonly noParent?: boolean;
}

/** Kopia's built-in rules, below all stored ones. */
export const defaultPolicy: Policy = {
  retention: {
    keepLatest: 10,
    keepHourly: 48,
    keepDaily: 7,
    keepWeekly: 4,
    keepMonthly: 24,
    keepAnnual: 3,
  },
  files: { ignoreDotFiles: ['.kopiaignore'], ignoreCacheDirs: true },
  errorHandling: {
    ignoreFileErrors: false,
    ignoreDirectoryErrors: false,
    ignoreUnknownTypes: true,
  },
  compression: { compressorName: 'none' },
  metadataCompression: { compressorName: 'zstd-fastest' },
  upload: { parallelUploadAboveSize: 2147483648 },
};

/** What `kopia repository create` stores as the global policy. */
export const globalPolicy: Policy = {
  retention: {
    keepLatest: 10,
    keepHourly: 48,
    keepDaily: 7,
    keepWeekly: 4,
    keepMonthly: 24,
    keepAnnual: 3,
  },
  files: { ignoreDotFiles: ['.kopiaignore'], ignoreCacheDirs: true },
  errorHandling: {
    ignoreFileErrors: false,
    ignoreDirectoryErrors: false,
    ignoreUnknownTypes: true,
  },
  scheduling: { runMissed: true },
  compression: { compressorName: 'none' },
  metadataCompression: { compressorName: 'zstd-fastest' },
  upload: { maxParallelSnapshots: 1, parallelUploadAboveSize: 2147483648 },
};

type Section = Readonly<Record<string, unknown>>;

// Lists that are united with those of parents, and the flags that prevent it.
const united: Record<string, string> = {
  ignore: 'noParentIgnore',
  onlyCompress: 'noParentOnlyCompress',
  neverCompress: 'noParentNeverCompress',
};

function mergeSection(specific: Section = {}, general: Section = {}): Section {
  const merged: Record<string, unknown> = { ...specific };
  for (const [key, value] of Object.entries(general)) {
    const own = merged[key];
    if (key in united) {
      if (specific[united[key]]) continue;
      if (key === 'ignore') continue;
      merged[key] = [
        ...new Set([
          ...((own as string[]) ?? []),
          ...((value as string[]) ?? []),
        ]),
      ].sort();
    } else if (
      own === undefined ||
      own === '' ||
      (Array.isArray(own) && own.length === 0)
    )
      merged[key] = value;
  }
  return merged;
}

/**
 * Merges policies, the most specific first: field by field the first defined value counts (Kopia: policy merge).
 * Ignore rules are not merged here, since they are relative to the folder of their policy.
 */
export function mergePolicies(policies: readonly Policy[]): Policy {
  const cut = policies.findIndex(({ noParent }) => noParent);
  const counting =
    cut < 0 ? [...policies, defaultPolicy] : policies.slice(0, cut + 1);
  return counting.reduce<Policy>((merged, policy) => {
    const out: Record<string, unknown> = {};
    for (const section of new Set([
      ...Object.keys(merged),
      ...Object.keys(policy),
    ])) {
      const [a, b] = [
        merged[section as keyof Policy],
        policy[section as keyof Policy],
      ];
      out[section] =
        typeof a === 'object' || typeof b === 'object'
          ? mergeSection(a as Section, b as Section)
          : a ?? b;
    }
    return out as Policy;
  }, {});
}

/** Labels of the policy of a source; without a path the user's, without a user the host's, without a host the global. */
export function policyLabels({
  host,
  userName,
  path,
}: Partial<SnapshotSource>): Record<string, string> {
  if (path !== undefined) {
    return {
      type: 'policy',
      policyType: 'path',
      hostname: host ?? '',
      username: userName ?? '',
      path,
    };
  }
  if (userName !== undefined)
    return {
      type: 'policy',
      policyType: 'user',
      hostname: host ?? '',
      username: userName,
    };
  if (host !== undefined)
    return { type: 'policy', policyType: 'host', hostname: host };
  return { type: 'policy', policyType: 'global' };
}

/** The stored policy of exactly these labels; of several the latest. */
function storedPolicy(
  repository: Repository,
  target: Partial<SnapshotSource>,
): Policy | undefined {
  return repository.manifests.find<Policy>(policyLabels(target)).at(-1)?.data;
}

/** Stores a policy in place of an earlier one. Call `repository.flush()` afterwards. @public */
export function setPolicy(
  repository: Repository,
  target: Partial<SnapshotSource>,
  policy: Policy,
): string {
  return repository.manifests.replace(policyLabels(target), policy);
}

/** Stores a policy only if the stored one differs: Velero sets one before each snapshot. @public */
export function ensurePolicy(
  repository: Repository,
  target: Partial<SnapshotSource>,
  policy: Policy,
): void {
  const stored = storedPolicy(repository, target);
  if (!stored || JSON.stringify(stored) !== JSON.stringify(policy))
    setPolicy(repository, target, policy);
}

/** A path and all its parents, the path first. */
export function pathAndParents(path: string): string[] {
  const found = [path];
  for (
    let at = path.lastIndexOf('/');
    at > 0;
    at = path.lastIndexOf('/', at - 1)
  )
    found.push(path.slice(0, at));
  if (path.startsWith('/') && path !== '/') found.push('/');
  return found;
}

/** Policies that apply to a source, the most specific first. */
export function policiesOf(
  repository: Repository,
  { host, userName, path }: SnapshotSource,
): Policy[] {
  const targets: Partial<SnapshotSource>[] = [
    ...pathAndParents(path).map(parent => ({ host, userName, path: parent })),
    { host, userName },
    { host },
    {},
  ];
  return targets.flatMap(target => storedPolicy(repository, target) ?? []);
}

/** Stored policies of folders below a source, by path relative to it. */
export function policiesBelow(
  repository: Repository,
  { host, userName, path }: SnapshotSource,
): Map<string, Policy> {
  const below = new Map<string, Policy>();
  const start = path.endsWith('/') ? path : `${path}/`;
  const labels = {
    type: 'policy',
    policyType: 'path',
    hostname: host,
    username: userName,
  };
  for (const { labels: found, data } of repository.manifests.find<Policy>(
    labels,
  )) {
    if (found.path?.startsWith(start))
      below.set(found.path.slice(start.length), data);
  }
  return below;
}

/** The name of the compressor for a file, undefined for none (Kopia: compressor for a file). */
export function compressorForFile(
  policy: Policy,
  name: string,
  size: number,
): string | undefined {
  const { compressorName, minSize, maxSize, onlyCompress, neverCompress } =
    policy.compression ?? {};
  if (!compressorName || compressorName === 'none') return undefined;
  if (minSize && size < minSize) return undefined;
  if (maxSize && size > maxSize) return undefined;
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot);
  if (onlyCompress?.includes(extension)) return compressorName;
  return neverCompress?.includes(extension) ? undefined : compressorName;
}
