import { ConfirmedOrder } from '../run/OrderWriter';

/** A row as a copy's database holds it. */
export interface CopiedOrder {
  id: number;
  customer: string;
  item: string;
  cents: number;
}

export interface RowComparison {
  /** Rows that were confirmed before the backup was asked for. */
  confirmedBefore: number;
  /** Rows confirmed while the backup ran; those committed before the snapshot are in the copy. */
  confirmedLater: number;
  laterInCopy: number;
  rowsInCopy: number;
  /** What is wrong, for people; empty when all is there. */
  problems: string[];
}

const MOST_NAMED = 5;

function named(ids: number[]): string {
  const shown = ids.slice(0, MOST_NAMED).join(', ');
  return ids.length > MOST_NAMED ? `${shown} and more` : shown;
}

/**
 * Judges a copy of the orders' table: every row confirmed before the backup is there unchanged, and of the later ones, which
 * were written one after the other, exactly a beginning: a snapshot is one moment.
 */
export function compareRows(
  before: readonly ConfirmedOrder[],
  later: readonly ConfirmedOrder[],
  copy: readonly CopiedOrder[],
): RowComparison {
  const byId = new Map(copy.map(row => [row.id, row]));
  const problems: string[] = [];
  const missing = before.filter(({ id }) => !byId.has(id)).map(({ id }) => id);
  if (missing.length > 0) {
    problems.push(
      `${
        missing.length
      } rows that were confirmed before the backup are missing: ${named(
        missing,
      )}`,
    );
  }
  const changed = [...before, ...later]
    .filter(order => {
      const row = byId.get(order.id);
      return (
        row &&
        (row.customer !== order.customer ||
          row.item !== order.item ||
          row.cents !== order.cents)
      );
    })
    .map(({ id }) => id);
  if (changed.length > 0) {
    problems.push(`${changed.length} rows are different: ${named(changed)}`);
  }
  const firstAbsent = later.findIndex(({ id }) => !byId.has(id));
  const afterGap =
    firstAbsent < 0
      ? []
      : later
          .slice(firstAbsent)
          .filter(({ id }) => byId.has(id))
          .map(({ id }) => id);
  if (afterGap.length > 0) {
    problems.push(
      `rows ${named(
        afterGap,
      )} are in the copy although an earlier one is not: the snapshot was not one moment`,
    );
  }
  return {
    confirmedBefore: before.length,
    confirmedLater: later.length,
    laterInCopy: later.filter(({ id }) => byId.has(id)).length,
    rowsInCopy: copy.length,
    problems,
  };
}
