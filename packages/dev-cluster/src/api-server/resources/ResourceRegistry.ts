import { ResourceType } from './ResourceType';
import { builtInTypes } from './builtInTypes';

/** Which resources are served right now: the built-in ones and those of established custom resource definitions. */
export class ResourceRegistry {
  private readonly builtIn = builtInTypes();
  private custom: ResourceType[] = [];
  private index = new Map<string, ResourceType>();

  constructor() {
    this.reindex();
  }

  find(
    group: string,
    version: string,
    plural: string,
  ): ResourceType | undefined {
    return this.index.get(`${group}/${version}/${plural}`);
  }

  all(): ResourceType[] {
    return [...this.builtIn, ...this.custom];
  }

  /** The types of one group and version, in the order of their names; undefined when the version is not served. */
  ofVersion(group: string, version: string): ResourceType[] | undefined {
    const found = this.all()
      .filter(t => t.group === group && t.version === version)
      .sort((a, b) => (a.plural < b.plural ? -1 : 1));
    return found.length > 0 ? found : undefined;
  }

  /** Groups with their versions, the preferred one first; the core group is ''. */
  groups(): { name: string; versions: string[] }[] {
    const groups = new Map<string, Set<string>>();
    for (const { group, version } of this.all()) {
      groups.set(group, (groups.get(group) ?? new Set()).add(version));
    }
    return [...groups]
      .sort(([a], [b]) => groupRank(a) - groupRank(b) || (a < b ? -1 : 1))
      .map(([name, versions]) => ({
        name,
        versions: [...versions].sort(comparePriority),
      }));
  }

  /** One version of every collection: what has to be looked at to see all stored objects once. */
  collections(): ResourceType[] {
    const seen = new Map<string, ResourceType>();
    for (const type of this.all()) {
      if (type.verbs.includes('list') && !seen.has(type.collection)) {
        seen.set(type.collection, type);
      }
    }
    return [...seen.values()];
  }

  /** Replaces the types of one custom resource definition. */
  setCustom(collection: string, types: ResourceType[]) {
    this.custom = this.custom
      .filter(t => t.collection !== collection)
      .concat(types);
    this.reindex();
  }

  private reindex() {
    this.index = new Map(
      this.all().map(t => [`${t.group}/${t.version}/${t.plural}`, t]),
    );
  }
}

/** Kubernetes' order of its groups; those of custom resources come after them. Source: kubernetes pkg/controlplane (apiservice priorities). */
const groupOrder = [
  '',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
];

function groupRank(name: string): number {
  const rank = groupOrder.indexOf(name);
  return rank < 0 ? groupOrder.length : rank;
}

const versionPattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Kubernetes' order of versions: stable before beta before alpha, newer first, others by name last. */
export function comparePriority(a: string, b: string): number {
  const left = versionPattern.exec(a);
  const right = versionPattern.exec(b);
  if (!left || !right) {
    if (left) return -1;
    if (right) return 1;
    return a < b ? -1 : 1;
  }
  const rank = (stage: string | undefined) =>
    stage === undefined ? 0 : { beta: 1, alpha: 2 }[stage] ?? 3;
  return (
    rank(left[2]) - rank(right[2]) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
