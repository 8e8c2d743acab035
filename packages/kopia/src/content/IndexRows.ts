import { KopiaError } from '../errors';
import { UnnamedFile } from './IndexBytes';

/** What a row of an index holds besides its key. */
export interface RowFields {
  readonly timestamp: number;
  readonly deleted: boolean;
  readonly offset: number;
  readonly packedLength: number;
  readonly originalLength: number;
  readonly compression: number;
  readonly formatVersion: number;
}

/** Names of the packs that rows refer to by number; an index holds only those that its rows use. */
export interface PackNames {
  readonly size: number;
  nameOf(number: number): Buffer;
}

const fullEntry = 19;
const largestOffset = 2 ** 30;
const largestLength = 2 ** 28;
const largestChunk = 1024 * 1024;
const firstChunk = 4096;

/**
 * Rows of an index of version 2 that is being made, in binary form: in memory, or in a file when there will be
 * millions.
 */
export class IndexRows {
  private chunk: Buffer = Buffer.alloc(0);
  private used = 0;
  private readonly full: Buffer[] = [];
  private rows = 0;
  private keySize = 0;
  private readonly formats = new Map<number, number>();
  private longLengths = false;

  /** @param file - keeps the rows instead of memory; empty, and this object's own until it is closed by the caller */
  constructor(private readonly file?: UnnamedFile) {}

  /** Number of rows so far. */
  get count(): number {
    return this.rows;
  }

  /**
   * Adds the next row; rows must come in the order of their keys.
   *
   * @param key - lies in `keys` at `keyAt`, `keySize` bytes long
   * @param pack - number of the pack among the names that `build` gets
   */
  add(
    keys: Buffer,
    keyAt: number,
    keySize: number,
    fields: RowFields,
    pack: number,
  ): void {
    const { offset, packedLength, originalLength } = fields;
    if (
      offset >= largestOffset ||
      packedLength >= largestLength ||
      originalLength >= largestLength
    ) {
      const key = keys.toString('hex', keyAt, keyAt + keySize);
      throw new KopiaError(
        'limit-exceeded',
        `The content of key ${key} is too large for an index`,
      );
    }
    this.keySize ||= keySize;
    if (keySize !== this.keySize)
      throw new KopiaError(
        'invalid-argument',
        'Keys of an index must have one length',
      );
    const format = this.formatNumber(
      fields.compression * 256 + fields.formatVersion,
    );
    if (format > 255 || pack >= 2 ** 24)
      throw new KopiaError('limit-exceeded', 'Too many packs for one index');
    if (originalLength >= 2 ** 24 || packedLength >= 2 ** 24)
      this.longLengths = true;
    const rowSize = keySize + fullEntry;
    if (this.used + rowSize > this.chunk.length) this.room(rowSize);
    const { chunk } = this;
    let at = this.used;
    at += keys.copy(chunk, at, keyAt, keyAt + keySize);
    chunk.writeUInt32BE(fields.timestamp, at);
    chunk.writeUInt32BE(offset + (fields.deleted ? 0x80000000 : 0), at + 4);
    chunk.writeUIntBE(originalLength % 2 ** 24, at + 8, 3);
    chunk.writeUIntBE(packedLength % 2 ** 24, at + 11, 3);
    chunk.writeUInt16BE(pack & 0xffff, at + 14);
    chunk[at + 16] = format;
    chunk[at + 17] = pack >>> 16;
    chunk[at + 18] = ((originalLength >>> 24) << 4) | (packedLength >>> 24);
    this.used += rowSize;
    this.rows += 1;
  }

  private room(rowSize: number) {
    const most = Math.floor(largestChunk / rowSize) * rowSize;
    if (this.chunk.length < most) {
      const larger = Buffer.allocUnsafe(
        Math.min(most, Math.max(firstChunk, this.chunk.length * 2)),
      );
      this.chunk.copy(larger, 0, 0, this.used);
      this.chunk = larger;
      return;
    }
    if (this.file) this.file.append(this.chunk);
    else {
      this.full.push(this.chunk);
      this.chunk = Buffer.allocUnsafe(most);
    }
    this.used = 0;
  }

  private formatNumber(format: number): number {
    const known = this.formats.get(format);
    if (known !== undefined) return known;
    this.formats.set(format, this.formats.size);
    return this.formats.size - 1;
  }

  /** Bytes that each entry takes: as few as the entries allow (Kopia: index version 2). */
  private entrySize(packs: number): number {
    if (this.longLengths) return 19;
    if (packs > 65536) return 18;
    return this.formats.size > 1 ? 17 : 16;
  }

  private *chunks(): Generator<Buffer> {
    yield* this.full;
    if (this.file) {
      const piece = Buffer.allocUnsafe(this.chunk.length);
      for (let at = 0; at < this.file.length; at += piece.length)
        yield this.file.readInto(piece, at, piece.length);
    }
    yield this.chunk.subarray(0, this.used);
  }

  /** Numbers of the packs in the order in which the rows first name them (Kopia: pack table of an index). */
  private usedPacks({ size }: PackNames): {
    /** By number in the table of all packs: number in this index + 1. */
    numbers: Int32Array;
    packs: Int32Array;
  } {
    const numbers = new Int32Array(size);
    const packs = new Int32Array(Math.min(size, this.rows));
    let count = 0;
    const rowSize = this.keySize + fullEntry;
    for (const chunk of this.chunks()) {
      for (let row = this.keySize; row < chunk.length; row += rowSize) {
        const pack = chunk.readUInt16BE(row + 14) + chunk[row + 17] * 0x10000;
        if (numbers[pack] !== 0) continue;
        packs[count] = pack;
        count += 1;
        numbers[pack] = count;
      }
    }
    return { numbers, packs: packs.subarray(0, count) };
  }

  /**
   * The index, with room around it for what encryption adds. Throws when there is no row: an empty index cannot be
   * written.
   */
  build(names: PackNames, room = { before: 0, after: 0 }): Buffer {
    if (this.rows === 0)
      throw new KopiaError(
        'invalid-argument',
        'An index needs at least one entry',
      );
    const { numbers, packs } = this.usedPacks(names);
    const entrySize = this.entrySize(packs.length);
    const rowsLength = this.rows * (this.keySize + entrySize);
    const start = room.before;
    const packsAt = 17 + rowsLength;
    const namesAt = packsAt + packs.length * 5 + this.formats.size * 6;
    let namesLength = 0;
    for (const pack of packs) namesLength += names.nameOf(pack).length;
    const out = Buffer.alloc(start + namesAt + namesLength + room.after);
    out[start] = 2;
    out[start + 1] = this.keySize;
    out.writeUInt16BE(entrySize, start + 2);
    out.writeUInt32BE(this.rows, start + 4);
    out.writeUInt32BE(packs.length, start + 8);
    out[start + 12] = this.formats.size;
    const { keySize } = this;
    const from = keySize + fullEntry;
    const to = keySize + entrySize;
    let at = start + 17;
    for (const chunk of this.chunks()) {
      for (let row = 0; row < chunk.length; row += from) {
        const field = row + keySize;
        const number =
          numbers[
            chunk.readUInt16BE(field + 14) + chunk[field + 17] * 0x10000
          ] - 1;
        chunk.copy(out, at, row, row + to);
        out.writeUInt16BE(number & 0xffff, at + keySize + 14);
        if (entrySize > 17) out[at + keySize + 17] = number >>> 16;
        at += to;
      }
    }
    let nameAt = namesAt;
    for (const pack of packs) {
      const name = names.nameOf(pack);
      out[at] = name.length;
      out.writeUInt32BE(nameAt, at + 1);
      nameAt += name.copy(out, start + nameAt);
      at += 5;
    }
    for (const format of this.formats.keys()) {
      out.writeUInt32BE(Math.floor(format / 256), at);
      out[at + 4] = format % 256;
      out[at + 5] = 0;
      at += 6;
    }
    return out;
  }
}
