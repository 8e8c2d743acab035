import type { ResourceType } from '../../cluster/ResourceType';

const neededVerbs = ['list', 'create', 'get', 'delete'];
const firstOfCore = ['pods', 'persistentvolumeclaims', 'persistentvolumes'];

/** Kinds that two API groups serve from the same storage: only the first seen is listed. Source: Velero `pkg/backup/backup.go`. */
const cohabiting: { [resource: string]: string[] } = {
  deployments: ['extensions', 'apps'],
  daemonsets: ['extensions', 'apps'],
  replicasets: ['extensions', 'apps'],
  networkpolicies: ['extensions', 'networking.k8s.io'],
  events: ['', 'events.k8s.io'],
};

/** Orders the core group as Velero does: pods, their claims, their volumes, then the rest as served. */
export function sortCoreGroup<T extends { resource: string }>(types: T[]): T[] {
  const rank = (type: T) => {
    const index = firstOfCore.indexOf(type.resource);
    return index < 0 ? firstOfCore.length : index;
  };
  return [...types].sort((left, right) => rank(left) - rank(right));
}

/**
 * The types that a backup lists, in order: groups as served (`extensions` last), the core group ordered, types without the
 * verbs of a restorable object left out, cohabiting types once.
 *
 * Source: Velero, backup collection order and discovery.
 */
export function collectionOrder(served: ResourceType[]): ResourceType[] {
  const groups = new Map<string, ResourceType[]>();
  for (const type of served) {
    if (!neededVerbs.every(verb => type.verbs.includes(verb))) {
      continue;
    }
    const key = `${type.group}/${type.version}`;
    groups.set(key, [...(groups.get(key) ?? []), type]);
  }
  const ordered = [...groups.values()].sort(
    (left, right) =>
      Number(left[0].group === 'extensions') -
      Number(right[0].group === 'extensions'),
  );
  const seen = new Set<string>();
  return ordered
    .flatMap(group => (group[0].group === '' ? sortCoreGroup(group) : group))
    .filter(type => {
      if (!cohabiting[type.resource]?.includes(type.group)) {
        return true;
      }
      const isFirst = !seen.has(type.resource);
      seen.add(type.resource);
      return isFirst;
    });
}
