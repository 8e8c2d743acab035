import { corrupt } from '../errors';
import { IndexBytes } from './IndexBytes';
import type { IndexReader } from './IndexReader';

const cursorRows = 4096;

/**
 * A row of an index: where it lies. A cursor's rows stay valid until it has moved on twice.
 */
export interface IndexRow {
  readonly reader: IndexReader;
  /** Number of the reader among those that are merged. */
  readonly source: number;
  readonly block: Buffer;
  readonly at: number;
}

/** Compares the keys of two rows. */
export function compareRows(
  a: Buffer,
  aAt: number,
  b: Buffer,
  bAt: number,
  keySize: number,
): number {
  for (let i = 0; i < keySize; i++) {
    const difference = a[aAt + i] - b[bAt + i];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A place in an index that moves from row to row. Call `advance` before the first row is looked at. */
export class IndexCursor implements IndexRow {
  block: Buffer = Buffer.alloc(0);
  at = 0;
  private next: number;
  private end = 0;
  private started = false;
  // Rows must outlive one move: a block is overwritten only by the block after the next.
  private readonly buffers: Buffer[] = [];
  private fills = 0;

  constructor(
    readonly reader: IndexReader,
    readonly source: number,
    first: number,
    private readonly count: number,
    private readonly sizes: {
      readonly rowSize: number;
      readonly keySize: number;
      readonly headerLength: number;
    },
    private readonly prefix: number | undefined,
    private readonly bytes: IndexBytes,
  ) {
    this.next = first;
  }

  /** @returns false at the end */
  advance(): boolean {
    const { rowSize, keySize } = this.sizes;
    const { block: before, at: beforeAt } = this;
    if (this.at + rowSize < this.end) this.at += rowSize;
    else if (!this.fill()) return false;
    if (this.prefix !== undefined && this.block[this.at] !== this.prefix)
      return false;
    if (
      this.started &&
      compareRows(before, beforeAt, this.block, this.at, keySize) >= 0
    )
      throw corrupt('An index is not sorted');
    this.started = true;
    return true;
  }

  private fill(): boolean {
    if (this.next >= this.count) return false;
    const { rowSize, headerLength } = this.sizes;
    const rows = Math.min(cursorRows, this.count - this.next);
    const turn = this.fills & 1;
    this.fills += 1;
    this.buffers[turn] ??= Buffer.alloc(
      this.bytes.inMemory ? 0 : Math.min(cursorRows, this.count) * rowSize,
    );
    this.block = this.bytes.readInto(
      this.buffers[turn],
      headerLength + this.next * rowSize,
      rows * rowSize,
    );
    this.at = 0;
    this.end = this.block.length;
    this.next += rows;
    return true;
  }
}
