/** What the viewer asked of a list. */
export interface Refinement {
  /** Text that is searched for, case ignored. */
  q: string;
  /** Value of the state to show; all when absent. */
  state?: string;
  /** Column, with `-` in front for descending. */
  sort: string;
  /** From 1. */
  page: number;
}

/** How a list's items are searched, filtered and sorted. */
export interface RefinementRules<T> {
  text(item: T): string;
  state(item: T): string;
  /** Values to sort by, by column; undefined sorts last. */
  columns: Record<string, (item: T) => string | number | undefined>;
}

/** One page of a refined list. */
export interface RefinedPage<T> {
  rows: T[];
  /** Items that match, on all pages. */
  total: number;
  /** The page shown; the last one when a later one was asked for. */
  page: number;
  /** Index of the first row among those that match. */
  offset: number;
}

function compare(
  a: string | number | undefined,
  b: string | number | undefined,
): number {
  if (a === b) {
    return 0;
  }
  if (a === undefined) {
    return 1;
  }
  if (b === undefined) {
    return -1;
  }
  return a < b ? -1 : 1;
}

/** Searches, filters, sorts and pages a list. */
export function refineList<T>(
  items: readonly T[],
  refinement: Refinement,
  rules: RefinementRules<T>,
  pageSize: number,
): RefinedPage<T> {
  const words = refinement.q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const matching = items.filter(item => {
    if (refinement.state && rules.state(item) !== refinement.state) {
      return false;
    }
    const text = rules.text(item).toLocaleLowerCase();
    return words.every(word => text.includes(word));
  });
  const descending = refinement.sort.startsWith('-');
  const column = rules.columns[refinement.sort.replace(/^-/, '')];
  if (column) {
    matching.sort((a, b) => {
      const left = column(a);
      const right = column(b);
      if (left === undefined || right === undefined) {
        return compare(left, right);
      }
      return descending ? compare(right, left) : compare(left, right);
    });
  }
  const pages = Math.max(1, Math.ceil(matching.length / pageSize));
  const page = Math.min(refinement.page, pages);
  const offset = (page - 1) * pageSize;
  return {
    rows: matching.slice(offset, offset + pageSize),
    total: matching.length,
    page,
    offset,
  };
}
