/** Scope of an item as its folder in the tarball says it. */
export interface ItemLocation {
  /** `pods` or `deployments.apps`. */
  groupResource: string;
  /** Absent for a cluster-scoped item. */
  namespace?: string;
  name: string;
}

/** Text of the first tarball entry, `metadata/version`. */
export const tarballFormatVersion = '1.1.0';

/**
 * Path of an item in the tarball.
 *
 * @param versionFolder - `v1-preferredversion` or `v1beta1` for a copy by version; absent for the plain path
 *
 * Source: Velero `pkg/archive`: `resources/<resource.group>/[version/]{namespaces/<ns>|cluster}/<name>.json`.
 */
export function itemPath(item: ItemLocation, versionFolder?: string): string {
  const scope = item.namespace ? `namespaces/${item.namespace}` : 'cluster';
  const version = versionFolder ? `${versionFolder}/` : '';
  return `resources/${item.groupResource}/${version}${scope}/${item.name}.json`;
}

/** Folder name of the copy by version for the version that the cluster prefers. */
export function preferredVersionFolder(version: string): string {
  return `${version}-preferredversion`;
}

/**
 * Reads a tarball path back. Copies by version and everything outside `resources/` give undefined, as Velero's default reader ignores them.
 */
export function parseItemPath(path: string): ItemLocation | undefined {
  const parts = path.split('/');
  if (parts[0] !== 'resources' || !path.endsWith('.json')) {
    return undefined;
  }
  const withoutSuffix = (file: string) => file.slice(0, -'.json'.length);
  if (parts.length === 5 && parts[2] === 'namespaces') {
    const [, groupResource, , namespace, file] = parts;
    const name = withoutSuffix(file);
    return groupResource && namespace && name
      ? { groupResource, namespace, name }
      : undefined;
  }
  if (parts.length === 4 && parts[2] === 'cluster') {
    const [, groupResource, , file] = parts;
    const name = withoutSuffix(file);
    return groupResource && name ? { groupResource, name } : undefined;
  }
  return undefined;
}

/** `apps` of `deployments.apps`, empty for `pods`. */
export function groupOf(groupResource: string): string {
  const dot = groupResource.indexOf('.');
  return dot < 0 ? '' : groupResource.slice(dot + 1);
}
