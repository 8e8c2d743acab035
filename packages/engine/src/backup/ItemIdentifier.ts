/** Names one object of a cluster or of a backup, without its version. */
export interface ItemIdentifier {
  /** API group; empty for the core group. */
  group: string;
  /** Plural resource name. */
  resource: string;
  /** Empty or absent for a cluster-scoped object. */
  namespace?: string;
  name: string;
}

/** `pods` or `deployments.apps`. */
export function groupResourceOf(item: {
  group: string;
  resource: string;
}): string {
  return item.group ? `${item.resource}.${item.group}` : item.resource;
}

/** One text per object, usable as the key of a set or map. */
export function itemKey(item: ItemIdentifier): string {
  return `${groupResourceOf(item)}/${item.namespace ?? ''}/${item.name}`;
}
