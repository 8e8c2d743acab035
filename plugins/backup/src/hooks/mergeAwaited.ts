/** Something that was just made and may not be in the server's list yet. */
export interface Awaited<T> {
  item: T;
  /** When it was made, milliseconds since the epoch. */
  since: number;
}

/** How long a new item is shown although the list does not have it. */
const patienceMs = 20_000;

/**
 * A list with what was just made at its top, until the list has it itself or 20 s have passed.
 *
 * @param now - milliseconds since the epoch
 */
export function mergeAwaited<T extends { name: string }>(
  items: T[],
  awaited: readonly Awaited<T>[],
  now: number,
): T[] {
  const names = new Set(items.map(item => item.name));
  const missing = awaited
    .filter(
      ({ item, since }) => !names.has(item.name) && now - since < patienceMs,
    )
    .map(({ item }) => item);
  return missing.length > 0 ? [...missing, ...items] : items;
}
