/** A list of objects with the same properties, as a list for each property. */
export type Columns<T> = { readonly [K in keyof T]-?: readonly T[K][] };

/**
 * Turns a list of objects around. Threads hand columns over several times faster than objects, of which each would bring the names of
 * its properties along.
 *
 * @param names - of all properties
 */
export function toColumns<T extends object>(
  list: readonly T[],
  names: Readonly<Record<keyof T, true>>,
): Columns<T> {
  return Object.fromEntries(
    (Object.keys(names) as (keyof T)[]).map(name => [
      name,
      list.map(entry => entry[name]),
    ]),
  ) as unknown as Columns<T>;
}

/** Turns columns back into a list of objects. */
export function fromColumns<T extends object>(columns: Columns<T>): T[] {
  const names = Object.keys(columns) as (keyof T)[];
  return columns[names[0]].map((_, i) => {
    const entry = {} as T;
    for (const name of names) entry[name] = columns[name][i];
    return entry;
  });
}
