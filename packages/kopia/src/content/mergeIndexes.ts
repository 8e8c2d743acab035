import { ContentEntry } from './ContentEntry';
import { compareRows, IndexCursor, IndexRow } from './IndexCursor';
import { IndexReader } from './IndexReader';

/** Whether row `a` replaces row `b` of the same content: the rule of `replaces`, without reading more than it needs. */
function rowReplaces(a: IndexRow, b: IndexRow): boolean {
  const aTime = a.reader.timestampAt(a.block, a.at);
  const bTime = b.reader.timestampAt(b.block, b.at);
  if (aTime !== bTime) return aTime > bTime;
  const aDeleted = a.reader.deletedAt(a.block, a.at);
  if (aDeleted !== b.reader.deletedAt(b.block, b.at)) return !aDeleted;
  const packOf = ({ reader, block, at }: IndexRow) =>
    reader.packNameBytes(reader.packNumberAt(block, at));
  return Buffer.compare(packOf(a), packOf(b)) > 0;
}

function compareCursors(a: IndexCursor, b: IndexCursor): number {
  const size = Math.min(a.reader.keySize, b.reader.keySize);
  return (
    compareRows(a.block, a.at, b.block, b.at, size) ||
    a.reader.keySize - b.reader.keySize
  );
}

/**
 * Merges indexes in the order of their keys; of several rows of a content only the winner is given. The row that is
 * given is one object that the next step changes.
 *
 * @param prefix - only keys that begin with this byte
 */
export function* mergeRows(
  readers: readonly IndexReader[],
  prefix?: number,
): Generator<IndexRow> {
  const heads = readers
    .map((reader, source) => reader.cursor(prefix, source))
    .filter(cursor => cursor.advance());
  // A binary heap by key: merging 40 indexes of millions of entries takes 6 comparisons per entry instead of 40.
  const sink = (from: number) => {
    const moving = heads[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heads.length) break;
      if (
        child + 1 < heads.length &&
        compareCursors(heads[child + 1], heads[child]) < 0
      )
        child += 1;
      if (compareCursors(heads[child], moving) >= 0) break;
      heads[at] = heads[child];
      at = child;
    }
    heads[at] = moving;
  };
  for (let i = (heads.length >> 1) - 1; i >= 0; i--) sink(i);
  const best = { reader: readers[0], source: 0, block: Buffer.alloc(0), at: 0 };
  const take = ({ reader, source, block, at }: IndexRow) => {
    best.reader = reader;
    best.source = source;
    best.block = block;
    best.at = at;
  };
  const advance = () => {
    if (!heads[0].advance()) {
      const last = heads.pop()!;
      if (heads.length === 0) return;
      heads[0] = last;
    }
    sink(0);
  };
  const sameKey = () =>
    heads.length > 0 &&
    heads[0].reader.keySize === best.reader.keySize &&
    compareRows(
      heads[0].block,
      heads[0].at,
      best.block,
      best.at,
      best.reader.keySize,
    ) === 0;
  while (heads.length > 0) {
    take(heads[0]);
    advance();
    while (sameKey()) {
      if (rowReplaces(heads[0], best)) take(heads[0]);
      advance();
    }
    yield best;
  }
}

/** Like {@link mergeRows}, parsed. */
export function* mergeEntries(
  readers: readonly IndexReader[],
  prefix?: number,
): Generator<ContentEntry> {
  for (const { reader, block, at } of mergeRows(readers, prefix))
    yield reader.parse(block, at);
}
