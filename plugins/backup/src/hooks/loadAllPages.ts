/** All items of a paged list that are shown, newest first. */
export interface LoadedList<T> {
  items: T[];
  /** There are more than are loaded. */
  truncated: boolean;
}

interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/** Items that one request asks for; the server's limit. */
export const pageLimit = 500;

/**
 * Reads a paged list, page after page, up to `most` items.
 *
 * @param load - reads one page from a cursor
 */
export async function loadAllPages<T>(
  load: (cursor: string | undefined) => Promise<Page<T>>,
  most: number = 2000,
): Promise<LoadedList<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await load(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < most);
  return { items, truncated: cursor !== undefined };
}
