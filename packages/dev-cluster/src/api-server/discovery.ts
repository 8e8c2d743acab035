import { JsonObject } from './json';
import { ResourceRegistry } from './resources/ResourceRegistry';
import { ResourceType } from './resources/ResourceType';

/** GET /api */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [
      { clientCIDR: '0.0.0.0/0', serverAddress: address },
    ],
  };
}

function groupOf({ name, versions }: { name: string; versions: string[] }) {
  const list = versions.map(version => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions: list, preferredVersion: list[0] };
}

/** GET /apis */
export function groupList(registry: ResourceRegistry): JsonObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: registry
      .groups()
      .filter(g => g.name !== '')
      .map(groupOf),
  };
}

/** GET /apis/<group>; undefined for a group that is not served. */
export function groupDocument(
  registry: ResourceRegistry,
  name: string,
): JsonObject | undefined {
  const group = registry.groups().find(g => g.name === name && name !== '');
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
}

/** GET /api/v1 and /apis/<group>/<version>; undefined for a version that is not served. */
export function resourceList(
  registry: ResourceRegistry,
  group: string,
  version: string,
): JsonObject | undefined {
  const types = registry.ofVersion(group, version);
  if (!types) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group ? { apiVersion: 'v1' } : {}),
    groupVersion: group ? `${group}/${version}` : version,
    resources: types.flatMap(type => [
      {
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: type.verbs,
        ...(type.shortNames.length ? { shortNames: type.shortNames } : {}),
        ...(type.categories.length ? { categories: type.categories } : {}),
      },
      ...type.subresources.map(sub => ({
        name: `${type.plural}/${sub.name}`,
        singularName: '',
        namespaced: type.namespaced,
        ...(sub.version && (sub.group !== group || sub.version !== version)
          ? { group: sub.group, version: sub.version }
          : {}),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]),
  };
}

/** GET /api or /apis with `as=APIGroupDiscoveryList`: everything at once. */
export function aggregatedDiscovery(
  registry: ResourceRegistry,
  apiVersion: string,
  core: boolean,
): JsonObject {
  const kindOf = (group: string, version: string, kind: string) => ({
    group,
    version,
    kind,
  });
  const resource = (type: ResourceType) => ({
    resource: type.plural,
    responseKind: type.custom
      ? kindOf(type.group, type.version, type.kind)
      : kindOf('', '', type.kind),
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length ? { categories: type.categories } : {}),
    ...(type.subresources.length
      ? {
          subresources: type.subresources.map(sub => ({
            subresource: sub.name,
            responseKind: kindOf(sub.group, sub.version, sub.kind),
            verbs: sub.verbs,
          })),
        }
      : {}),
  });
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion,
    metadata: {},
    items: registry
      .groups()
      .filter(g => (g.name === '') === core)
      .map(({ name, versions }) => ({
        metadata: { ...(name ? { name } : {}), creationTimestamp: null },
        versions: versions.map(version => ({
          version,
          freshness: 'Current',
          resources: (registry.ofVersion(name, version) ?? []).map(resource),
        })),
      })),
  };
}
