import { corrupt, KopiaError } from '../errors';
import { ContentEntry } from './ContentEntry';
import { contentIdOfKey } from './contentId';
import { IndexBytes } from './IndexBytes';
import { IndexCursor } from './IndexCursor';
import type { RowFields } from './IndexRows';

interface Layout {
  readonly version: 1 | 2;
  readonly headerLength: number;
  readonly keySize: number;
  readonly entrySize: number;
  readonly count: number;
  readonly baseTimestamp: number;
  readonly packsAt: number;
  readonly packCount: number;
  readonly formats: readonly {
    compression: number;
    version: number;
    keyId: number;
  }[];
}

/** Names that an index keeps as text once they were asked for. */
const keptNames = 16 * 1024;
const step = 128;
const bitsPerEntry = 10;
const probes = 4;

function parseLayout(bytes: IndexBytes): Layout {
  if (bytes.length < 8) throw corrupt('An index is too short');
  const head = bytes.read(0, Math.min(17, bytes.length));
  const version = head[0];
  const keySize = head[1];
  const entrySize = head.readUInt16BE(2);
  const count = head.readUInt32BE(4);
  if (version === 1) {
    if (entrySize !== 20 || (count > 0 && keySize < 2))
      throw corrupt('An index of version 1 has impossible sizes');
    if (8 + count * (keySize + entrySize) > bytes.length)
      throw corrupt('An index is shorter than it says');
    return {
      version,
      headerLength: 8,
      keySize,
      entrySize,
      count,
      baseTimestamp: 0,
      packsAt: 0,
      packCount: 0,
      formats: [],
    };
  }
  if (version !== 2)
    throw new KopiaError(
      'unsupported',
      `An index has the unknown version ${version}`,
    );
  if (head.length < 17 || entrySize < 16 || entrySize > 64 || keySize < 2)
    throw corrupt('An index of version 2 has impossible sizes');
  const packCount = head.readUInt32BE(8);
  const formatCount = head[12];
  const packsAt = 17 + count * (keySize + entrySize);
  const formatsAt = packsAt + packCount * 5;
  if (formatsAt + formatCount * 6 > bytes.length)
    throw corrupt('An index is shorter than it says');
  const table = bytes.read(formatsAt, formatCount * 6);
  const formats = Array.from({ length: formatCount }, (_, i) => ({
    compression: table.readUInt32BE(6 * i),
    version: table[6 * i + 4],
    keyId: table[6 * i + 5],
  }));
  return {
    version,
    headerLength: 17,
    keySize,
    entrySize,
    count,
    baseTimestamp: head.readUInt32BE(13),
    packsAt,
    packCount,
    formats,
  };
}

function compareAt(data: Buffer, at: number, key: Buffer): number {
  for (let i = 0; i < key.length; i++) {
    const difference = data[at + i] - key[i];
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * One index blob, searched where it lies (index versions 1 and 2).
 *
 * An index in a file gets a sparse table of keys and a Bloom filter in memory (about 1.4 bytes per content), so that a
 * look-up reads at most one block.
 */
export class IndexReader {
  private readonly layout: Layout;
  private readonly rowSize: number;
  private readonly names = new Map<number, string>();
  private readonly legacyPacks = new Map<number, number>();
  private readonly legacyPlaces: number[] = [];
  private readonly whole: Buffer | undefined;
  private samples: Buffer | undefined;
  private filter: Uint8Array | undefined;

  /**
   * @param overhead - bytes that encryption adds; version 1 does not store original lengths
   * @param inMemory - whether `bytes` are cheap to read
   */
  constructor(
    private readonly bytes: IndexBytes,
    private readonly overhead: number,
    readonly inMemory = true,
  ) {
    this.layout = parseLayout(bytes);
    this.rowSize = this.layout.keySize + this.layout.entrySize;
    const { headerLength, count } = this.layout;
    if (inMemory) this.whole = bytes.read(headerLength, count * this.rowSize);
    else this.buildTables();
  }

  get count(): number {
    return this.layout.count;
  }

  /** Bytes of the index. */
  get length(): number {
    return this.bytes.length;
  }

  /** Bytes of a content's key. */
  get keySize(): number {
    return this.layout.keySize;
  }

  private buildTables() {
    const { count, keySize } = this.layout;
    this.samples = Buffer.alloc(Math.ceil(count / step) * keySize);
    this.filter = new Uint8Array(Math.ceil((count * bitsPerEntry) / 8) + 1);
    for (let first = 0; first < count; first += step) {
      const block = this.rows(first, Math.min(count, first + step));
      block.copy(this.samples, (first / step) * keySize, 0, keySize);
      for (let at = 0; at < block.length; at += this.rowSize)
        this.mark(block.subarray(at, at + keySize));
    }
  }

  // Contents are named by hashes: any four bytes of a name are a hash already.
  private probe(key: Buffer, number: number): number {
    const at = 1 + ((number * 4) % (key.length - 4));
    return (key.readUInt32LE(at) ^ Math.imul(key[0] + 1, 0x9e3779b1)) >>> 0;
  }

  private mark(key: Buffer) {
    const filter = this.filter!;
    for (let i = 0; i < probes; i++) {
      const bit = this.probe(key, i) % (filter.length * 8);
      filter[bit >>> 3] |= 1 << (bit & 7);
    }
  }

  private mayHave(key: Buffer): boolean {
    const filter = this.filter;
    if (!filter) return true;
    for (let i = 0; i < probes; i++) {
      const bit = this.probe(key, i) % (filter.length * 8);
      if ((filter[bit >>> 3] & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  private rows(from: number, to: number): Buffer {
    if (this.whole)
      return this.whole.subarray(from * this.rowSize, to * this.rowSize);
    return this.bytes.read(
      this.layout.headerLength + from * this.rowSize,
      (to - from) * this.rowSize,
    );
  }

  /** The entry of a content, or undefined. @param key - see `contentKey` */
  find(key: Buffer): ContentEntry | undefined {
    const { keySize, count } = this.layout;
    if (count === 0) return undefined;
    if (key.length !== keySize)
      throw corrupt(
        `An index has keys of ${keySize} bytes instead of ${key.length}`,
      );
    if (!this.mayHave(key)) return undefined;
    let from = 0;
    let to = count;
    if (this.samples) {
      let low = 0;
      let high = this.samples.length / keySize;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compareAt(this.samples, middle * keySize, key) <= 0)
          low = middle + 1;
        else high = middle;
      }
      if (low === 0) return undefined;
      from = (low - 1) * step;
      to = Math.min(count, from + step);
    }
    const block = this.rows(from, to);
    let low = 0;
    let high = to - from;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const difference = compareAt(block, middle * this.rowSize, key);
      if (difference === 0) return this.parse(block, middle * this.rowSize);
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /**
   * All entries in the order of their keys. Throws `corrupt` if they are out of order.
   *
   * @param prefix - only keys that begin with this byte
   */
  *entries(prefix?: number): Generator<{ key: Buffer; entry: ContentEntry }> {
    const cursor = this.cursor(prefix);
    while (cursor.advance()) {
      const { block, at } = cursor;
      yield {
        key: Buffer.from(block.subarray(at, at + this.layout.keySize)),
        entry: this.parse(block, at),
      };
    }
  }

  /** Walks the rows in the order of their keys; `advance` throws `corrupt` if they are out of order. */
  cursor(prefix?: number, source = 0): IndexCursor {
    const { count, headerLength, keySize } = this.layout;
    return new IndexCursor(
      this,
      source,
      prefix === undefined ? 0 : this.firstOf(prefix),
      count,
      { rowSize: this.rowSize, keySize, headerLength },
      prefix,
      this.bytes,
    );
  }

  private firstOf(prefix: number): number {
    let low = 0;
    let high = this.layout.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows(middle, middle + 1)[0] < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Seconds since 1970 in a row. */
  timestampAt(block: Buffer, at: number): number {
    const row = at + this.layout.keySize;
    return this.layout.version === 1
      ? block.readUIntBE(row, 6)
      : this.layout.baseTimestamp + block.readUInt32BE(row);
  }

  /** Whether a row says that its content is deleted. */
  deletedAt(block: Buffer, at: number): boolean {
    const offset = this.layout.version === 1 ? 12 : 4;
    return block[at + this.layout.keySize + offset] >= 0x80;
  }

  /** Number of a row's pack in this index. */
  packNumberAt(block: Buffer, at: number): number {
    const { keySize, entrySize, version } = this.layout;
    const row = at + keySize;
    if (version === 1) {
      // Packs of version 1 have no numbers, only the place of their names.
      return this.legacyNumber(block.readUInt32BE(row + 8), block[row + 7]);
    }
    return (
      block.readUInt16BE(row + 14) +
      (entrySize > 17 ? block[row + 17] * 0x10000 : 0)
    );
  }

  private legacyNumber(offset: number, length: number): number {
    const place = offset * 256 + length;
    const known = this.legacyPacks.get(place);
    if (known !== undefined) return known;
    this.legacyPacks.set(place, this.legacyPlaces.length);
    this.legacyPlaces.push(place);
    return this.legacyPlaces.length - 1;
  }

  /** Name of a pack by its number, as bytes. */
  packNameBytes(number: number): Buffer {
    if (this.layout.version === 1) {
      const place = this.legacyPlaces[number];
      return this.nameBytes(Math.floor(place / 256), place % 256);
    }
    if (number >= this.layout.packCount)
      throw corrupt('An index entry has an unknown pack');
    const row = this.bytes.read(this.layout.packsAt + number * 5, 5);
    return this.nameBytes(row.readUInt32BE(1), row[0]);
  }

  /** What a row says besides key and pack. */
  fieldsAt(block: Buffer, at: number): RowFields {
    const { keySize, entrySize, version } = this.layout;
    const row = at + keySize;
    const timestamp = this.timestampAt(block, at);
    const deleted = this.deletedAt(block, at);
    if (version === 1) {
      const packedLength = block.readUInt32BE(row + 16);
      return {
        timestamp,
        deleted,
        offset: block.readUInt32BE(row + 12) % 0x80000000,
        packedLength,
        originalLength: Math.max(0, packedLength - this.overhead),
        compression: 0,
        formatVersion: block[row + 6],
      };
    }
    let originalLength = block.readUIntBE(row + 8, 3);
    let packedLength = block.readUIntBE(row + 11, 3);
    const format = this.layout.formats[entrySize > 16 ? block[row + 16] : 0];
    if (!format || format.keyId !== 0) throw this.badFormat(block, at, format);
    if (entrySize > 18) {
      originalLength += (block[row + 18] >> 4) << 24;
      packedLength += (block[row + 18] & 15) << 24;
    }
    return {
      timestamp,
      deleted,
      offset: block.readUInt32BE(row + 4) % 0x80000000,
      packedLength,
      originalLength,
      compression: format.compression,
      formatVersion: format.version,
    };
  }

  private badFormat(
    block: Buffer,
    at: number,
    format: { keyId: number } | undefined,
  ): KopiaError {
    const id = this.idAt(block, at);
    return format
      ? new KopiaError(
          'unsupported',
          `Content ${id} uses encryption key ${format.keyId}; only key 0 is known`,
        )
      : corrupt(`The index entry of content ${id} has an unknown format`, {
          content: id,
        });
  }

  /** Name of a row's content. */
  idAt(block: Buffer, at: number): string {
    return contentIdOfKey(block.subarray(at, at + this.layout.keySize));
  }

  /** The entry in a row. */
  parse(block: Buffer, at: number): ContentEntry {
    const id = this.idAt(block, at);
    const fields = this.fieldsAt(block, at);
    if (this.layout.version === 1) {
      const row = at + this.layout.keySize;
      return {
        id,
        ...fields,
        pack: this.name(block.readUInt32BE(row + 8), block[row + 7]),
      };
    }
    return {
      id,
      ...fields,
      pack: this.packOf(this.packNumberAt(block, at), id),
    };
  }

  private packOf(index: number, id: string): string {
    if (index >= this.layout.packCount)
      throw corrupt(`The index entry of content ${id} has an unknown pack`, {
        content: id,
      });
    return this.keep(index, () => this.packNameBytes(index));
  }

  private name(offset: number, length: number): string {
    return this.keep(offset * 256 + length, () =>
      this.nameBytes(offset, length),
    );
  }

  private keep(place: number, read: () => Buffer): string {
    const known = this.names.get(place);
    if (known !== undefined) return known;
    const name = read().toString('latin1');
    if (this.names.size >= keptNames) this.names.clear();
    this.names.set(place, name);
    return name;
  }

  private nameBytes(offset: number, length: number): Buffer {
    if (offset + length > this.bytes.length)
      throw corrupt('A pack name lies outside its index');
    return this.bytes.read(offset, length);
  }

  close(): void {
    this.bytes.close();
  }
}
