/**
 * A resource type as discovery reports it.
 * @public
 */
export interface ResourceType {
  /** API group, empty for the core group. */
  group: string;
  version: string;
  /** Plural name as in URLs, such as `pods`. */
  resource: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  singularName?: string;
}

/**
 * What a request needs to know of a resource type.
 * @public
 */
export type ResourceTypeRef = Pick<
  ResourceType,
  'group' | 'version' | 'resource' | 'namespaced'
>;

/**
 * The name of a type in Velero's lists and tarballs: `pods`, `deployments.apps`.
 * @public
 */
export function groupResource(
  type: Pick<ResourceType, 'group' | 'resource'>,
): string {
  return type.group ? `${type.resource}.${type.group}` : type.resource;
}

/**
 * The `apiVersion` of objects of a type: `v1`, `apps/v1`.
 * @public
 */
export function apiVersionOf(
  type: Pick<ResourceType, 'group' | 'version'>,
): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}
