import { KubeClient } from './KubeClient';
import { ResourceType } from './Resource';

export interface DiscoveredType extends ResourceType {
  verbs: string[];
}

interface GroupList {
  groups: {
    name: string;
    preferredVersion: { version: string };
    versions: { version: string }[];
  }[];
}

interface ResourceList {
  resources: {
    name: string;
    kind: string;
    namespaced: boolean;
    verbs: string[];
  }[];
}

/**
 * All types that the API server serves, each once in its group's preferred version.
 * A group that does not answer is left out and named in `failed`.
 */
export async function discoverTypes(
  client: KubeClient,
  signal?: AbortSignal,
): Promise<{ types: DiscoveredType[]; failed: string[] }> {
  const groups = await client.request<GroupList>('GET', '/apis', { signal });
  const versions = [
    { group: '', version: 'v1', path: '/api/v1' },
    ...groups.groups.flatMap(group =>
      [
        group.preferredVersion.version,
        ...group.versions
          .map(each => each.version)
          .filter(version => version !== group.preferredVersion.version),
      ].map(version => ({
        group: group.name,
        version,
        path: `/apis/${group.name}/${version}`,
      })),
    ),
  ];
  const failed: string[] = [];
  const answers = await Promise.all(
    versions.map(async each => {
      try {
        const list = await client.request<ResourceList>('GET', each.path, {
          signal,
        });
        return list.resources
          .filter(resource => !resource.name.includes('/'))
          .map(resource => ({
            group: each.group,
            version: each.version,
            resource: resource.name,
            kind: resource.kind,
            namespaced: resource.namespaced,
            verbs: resource.verbs,
          }));
      } catch {
        failed.push(`${each.group}/${each.version}`);
        return [];
      }
    }),
  );
  const known = new Map<string, DiscoveredType>();
  for (const type of answers.flat()) {
    const key = `${type.resource}.${type.group}`;
    if (!known.has(key)) known.set(key, type);
  }
  return { types: [...known.values()], failed };
}
