/**
 * A type as discovery knows it.
 *
 * @public
 */
export interface ResolvedResource {
  /** `pods`, `deployments.apps`. */
  groupResource: string;
  namespaced: boolean;
}

/**
 * Looks a type up by any name users write: plural, singular or short name, with or without group.
 *
 * @public
 */
export type ResolveResource = (name: string) => ResolvedResource | undefined;

/**
 * What {@link createResourceResolver} needs to know of a type.
 *
 * @public
 */
export interface NamedResource {
  group: string;
  /** Plural. */
  resource: string;
  namespaced: boolean;
  singularName?: string;
  kind?: string;
  shortNames?: readonly string[];
}

/**
 * Which types a backup takes.
 *
 * @public
 */
export interface ResourceFilter {
  /** Whether objects of the type are collected. */
  shouldInclude(groupResource: string): boolean;
  /** Whether objects of the type are refused even when another object asks for them. */
  shouldExclude(groupResource: string): boolean;
}

/**
 * A {@link ResolveResource} over a list of types in discovery order: of several types with a name, the first one counts.
 * Groups may be shortened (`deployments.app`), as in Kubernetes' RESTMapper.
 *
 * @public
 */
export function createResourceResolver(
  resources: readonly NamedResource[],
): ResolveResource {
  const namesOf = (type: NamedResource): (string | undefined)[] => [
    type.resource,
    type.singularName || type.kind?.toLowerCase(),
    ...(type.shortNames ?? []),
  ];
  return name => {
    const dot = name.indexOf('.');
    const resource = (dot < 0 ? name : name.slice(0, dot)).toLowerCase();
    const group = dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
    const named = resources.filter(type => namesOf(type).includes(resource));
    const found =
      group === ''
        ? named[0]
        : named.find(type => type.group === group) ??
          named.find(type => type.group.startsWith(group));
    return (
      found && {
        groupResource: groupResourceName(found),
        namespaced: found.namespaced,
      }
    );
  };
}

/**
 * `pods` or `deployments.apps`.
 *
 * @public
 */
export function groupResourceName(type: {
  group: string;
  resource: string;
}): string {
  return type.group ? `${type.resource}.${type.group}` : type.resource;
}
