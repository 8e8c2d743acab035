import { KopiaError } from '../errors';
import { ContentEntry } from './ContentEntry';
import { contentKey } from './contentId';

const fullEntry = 19;
const largestOffset = 2 ** 30;
const largestLength = 2 ** 28;

/**
 * Writes an index of version 2. Rows are kept in binary form, so that millions of entries fit into little memory.
 */
export class IndexBuilder {
  private rows = Buffer.alloc(0);
  private used = 0;
  private count = 0;
  private keySize = 0;
  private readonly packs = new Map<string, number>();
  private readonly formats = new Map<number, number>();
  private longLengths = false;

  /** Number of entries so far. */
  get size(): number {
    return this.count;
  }

  /** Adds the next entry; entries must come in the order of their keys. */
  add(entry: ContentEntry, key: Buffer = contentKey(entry.id)): void {
    if (
      entry.offset >= largestOffset ||
      entry.packedLength >= largestLength ||
      entry.originalLength >= largestLength
    ) {
      throw new KopiaError(
        'limit-exceeded',
        `Content ${entry.id} is too large for an index`,
      );
    }
    this.keySize ||= key.length;
    const rowSize = this.keySize + fullEntry;
    if (key.length !== this.keySize)
      throw new KopiaError(
        'invalid-argument',
        'Keys of an index must have one length',
      );
    if (this.used + rowSize > this.rows.length) {
      const larger = Buffer.allocUnsafe(Math.max(4096, this.rows.length * 2));
      this.rows.copy(larger, 0, 0, this.used);
      this.rows = larger;
    }
    const pack = this.numberOf(this.packs, entry.pack);
    const format = this.numberOf(
      this.formats,
      entry.compression * 256 + entry.formatVersion,
    );
    if (format > 255 || pack >= 2 ** 24)
      throw new KopiaError('limit-exceeded', 'Too many packs for one index');
    if (entry.originalLength >= 2 ** 24 || entry.packedLength >= 2 ** 24)
      this.longLengths = true;
    const { rows } = this;
    let at = this.used;
    at += key.copy(rows, at);
    rows.writeUInt32BE(entry.timestamp, at);
    rows.writeUInt32BE(entry.offset + (entry.deleted ? 0x80000000 : 0), at + 4);
    rows.writeUIntBE(entry.originalLength % 2 ** 24, at + 8, 3);
    rows.writeUIntBE(entry.packedLength % 2 ** 24, at + 11, 3);
    rows.writeUInt16BE(pack & 0xffff, at + 14);
    rows[at + 16] = format;
    rows[at + 17] = pack >>> 16;
    rows[at + 18] =
      ((entry.originalLength >>> 24) << 4) | (entry.packedLength >>> 24);
    this.used += rowSize;
    this.count += 1;
  }

  private numberOf<T>(numbers: Map<T, number>, value: T): number {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  }

  /** Bytes that each entry takes: as few as the entries allow (Kopia: index version 2). */
  private entrySize(): number {
    if (this.longLengths) return 19;
    if (this.packs.size > 65536) return 18;
    return this.formats.size > 1 ? 17 : 16;
  }

  /** The index. Throws when there is no entry: an empty index cannot be written. */
  build(): Buffer {
    if (this.count === 0)
      throw new KopiaError(
        'invalid-argument',
        'An index needs at least one entry',
      );
    const entrySize = this.entrySize();
    const rowsLength = this.count * (this.keySize + entrySize);
    const namesAt =
      17 + rowsLength + this.packs.size * 5 + this.formats.size * 6;
    const names = [...this.packs.keys()];
    const out = Buffer.alloc(
      namesAt + names.reduce((sum, name) => sum + name.length, 0),
    );
    out[0] = 2;
    out[1] = this.keySize;
    out.writeUInt16BE(entrySize, 2);
    out.writeUInt32BE(this.count, 4);
    out.writeUInt32BE(this.packs.size, 8);
    out[12] = this.formats.size;
    const from = this.keySize + fullEntry;
    const to = this.keySize + entrySize;
    for (let i = 0; i < this.count; i++)
      this.rows.copy(out, 17 + i * to, i * from, i * from + to);
    let at = 17 + rowsLength;
    let nameAt = namesAt;
    for (const name of names) {
      out[at] = name.length;
      out.writeUInt32BE(nameAt, at + 1);
      nameAt += out.write(name, nameAt, 'latin1');
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

/** The index of entries in any order. */
export function buildIndex(entries: Iterable<ContentEntry>): Buffer {
  const keyed = Array.from(entries, entry => ({
    key: contentKey(entry.id),
    entry,
  }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  const builder = new IndexBuilder();
  for (const { key, entry } of keyed) builder.add(entry, key);
  return builder.build();
}

/** Shard of a content in a set of index blobs (Kopia: FNV-1a of the name). */
export function indexShardOf(id: string, shards: number): number {
  if (shards <= 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++)
    hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shards;
}
