import {
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
} from '../../backup/jsonPath';
import type { Discovery } from '../../cluster/Discovery';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  apiVersionOf,
  groupResource,
  type ResourceType,
} from '../../cluster/ResourceType';

/** The types that a definition will serve once it is created, the stored version first. */
export function typesOfDefinition(
  definition: KubernetesObject,
): ResourceType[] {
  const spec = objectAt(definition, 'spec');
  const group = stringAt(spec, 'group');
  const resource = stringAt(spec, 'names', 'plural');
  const kind = stringAt(spec, 'names', 'kind');
  if (!group || !resource || !kind) {
    return [];
  }
  const singularName = stringAt(spec, 'names', 'singular');
  return objectsAt(spec, 'versions')
    .filter(version => version.served === true)
    .sort(
      (left, right) =>
        Number(right.storage === true) - Number(left.storage === true),
    )
    .flatMap(version => {
      const name = stringAt(version, 'name');
      return name
        ? [
            {
              group,
              version: name,
              resource,
              kind,
              namespaced: spec.scope === 'Namespaced',
              verbs: ['list', 'create', 'get', 'delete'],
              shortNames: stringsAt(spec, 'names', 'shortNames'),
              ...(singularName && { singularName }),
            },
          ]
        : [];
    });
}

/** What a cluster will serve once further types are there; what it serves already stays as it is. */
export function withTypes(
  discovery: Discovery,
  types: ResourceType[],
): Discovery {
  const added = types.filter(
    type => !discovery.forKind(apiVersionOf(type), type.kind),
  );
  const first = new Map<string, ResourceType>();
  for (const type of added) {
    const name = groupResource(type);
    if (!first.has(name) && !discovery.find(name)) {
      first.set(name, type);
    }
  }
  return {
    ...discovery,
    all: [...discovery.all, ...added],
    preferred: [...discovery.preferred, ...first.values()],
    find: name => discovery.find(name) ?? first.get(name.toLowerCase()),
    forKind: (apiVersion, kind) =>
      discovery.forKind(apiVersion, kind) ??
      added.find(
        type => apiVersionOf(type) === apiVersion && type.kind === kind,
      ),
  };
}
