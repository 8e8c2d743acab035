/**
 * Parses one value of `spec.orderedResources`: names in the wished order, `namespace/name` or `name`, separated by commas.
 */
export function parseItemOrder(value: string): string[] {
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
}

/** Items named in the order first, in that order; the others after them as they came. Names that match nothing are returned apart. */
export function sortByOrder<T extends { namespace?: string; name: string }>(
  items: T[],
  order: string[],
): { sorted: T[]; missing: string[] } {
  const nameOf = (item: T) =>
    item.namespace ? `${item.namespace}/${item.name}` : item.name;
  const byName = new Map(items.map(item => [nameOf(item), item]));
  const first: T[] = [];
  const missing: string[] = [];
  for (const name of order) {
    const item = byName.get(name);
    if (item) {
      first.push(item);
      byName.delete(name);
    } else {
      missing.push(name);
    }
  }
  const taken = new Set(first);
  return { sorted: [...first, ...items.filter(i => !taken.has(i))], missing };
}
