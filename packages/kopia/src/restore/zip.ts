import { crc32, createDeflateRaw } from 'node:zlib';
import { Readable } from 'node:stream';

/** What goes into a zip file. */
export interface ZipEntry {
  readonly name: string;
  readonly type: 'd' | 'f' | 's';
  /** Unix permission bits. */
  readonly mode: number;
  readonly time: Date;
  data(): AsyncIterable<Buffer>;
}

const unixTypes = { d: 0o040000, f: 0o100000, s: 0o120000 };
const deflated = 8;
// Bit 3: sizes follow the data; bit 11: names are UTF-8.
const flags = 0x0808;
const version = 45;
const madeByUnix = 0x0300 + version;

/** MS-DOS date and time, two-second steps, UTC. */
function dosTime(time: Date): number {
  const year = Math.min(2107, Math.max(1980, time.getUTCFullYear()));
  const date =
    ((year - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const clock =
    (time.getUTCHours() << 11) |
    (time.getUTCMinutes() << 5) |
    (time.getUTCSeconds() >> 1);
  return date * 65536 + clock;
}

/** The exact time, as Info-ZIP's extra field. */
function timeField(time: Date): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x5455, 0);
  field.writeUInt16LE(5, 2);
  field[4] = 1;
  field.writeInt32LE(
    Math.max(
      -0x80000000,
      Math.min(0x7fffffff, Math.floor(time.getTime() / 1000)),
    ),
    5,
  );
  return field;
}

/** Extra field with 64-bit numbers. */
function zip64Field(...numbers: number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  numbers.forEach((number, i) =>
    field.writeBigUInt64LE(BigInt(number), 4 + 8 * i),
  );
  return field;
}

async function* counted(
  entry: ZipEntry,
  counts: { checksum: number; size: number },
): AsyncGenerator<Buffer> {
  for await (const part of entry.data()) {
    counts.checksum = crc32(part, counts.checksum);
    counts.size += part.length;
    yield part;
  }
}

/** The bytes of a zip64 file, made as they are read. */
export async function* zipEntries(
  entries: AsyncIterable<ZipEntry>,
): AsyncGenerator<Buffer> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const entry of entries) {
    const name = Buffer.from(
      entry.type === 'd' ? `${entry.name}/` : entry.name,
    );
    const time = timeField(entry.time);
    const method = entry.type === 'f' ? deflated : 0;
    const localExtra = Buffer.concat([zip64Field(0, 0), time]);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(version, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(dosTime(entry.time), 10);
    local.writeUInt32LE(0xffffffff, 18);
    local.writeUInt32LE(0xffffffff, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(localExtra.length, 28);
    yield local;
    yield name;
    yield localExtra;
    const counts = { checksum: 0, size: 0 };
    let packed = 0;
    const source =
      method === deflated
        ? Readable.from(counted(entry, counts), { objectMode: false }).compose(
            createDeflateRaw(),
          )
        : counted(entry, counts);
    for await (const part of source as AsyncIterable<Buffer>) {
      packed += part.length;
      yield part;
    }
    const sizes = Buffer.alloc(24);
    sizes.writeUInt32LE(0x08074b50, 0);
    sizes.writeUInt32LE(counts.checksum, 4);
    sizes.writeBigUInt64LE(BigInt(packed), 8);
    sizes.writeBigUInt64LE(BigInt(counts.size), 16);
    yield sizes;

    const extra = Buffer.concat([
      zip64Field(counts.size, packed, offset),
      time,
    ]);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(madeByUnix, 4);
    central.writeUInt16LE(version, 6);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(dosTime(entry.time), 12);
    central.writeUInt32LE(counts.checksum, 16);
    central.writeUInt32LE(0xffffffff, 20);
    central.writeUInt32LE(0xffffffff, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(
      (unixTypes[entry.type] + (entry.mode & 0o7777)) * 65536 +
        (entry.type === 'd' ? 16 : 0),
      38,
    );
    central.writeUInt32LE(0xffffffff, 42);
    directory.push(Buffer.concat([central, name, extra]));
    offset +=
      local.length + name.length + localExtra.length + packed + sizes.length;
  }
  const list = Buffer.concat(directory);
  yield list;
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(madeByUnix, 12);
  end64.writeUInt16LE(version, 14);
  end64.writeBigUInt64LE(BigInt(directory.length), 24);
  end64.writeBigUInt64LE(BigInt(directory.length), 32);
  end64.writeBigUInt64LE(BigInt(list.length), 40);
  end64.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + list.length), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(0xffff, 8);
  end.writeUInt16LE(0xffff, 10);
  end.writeUInt32LE(0xffffffff, 12);
  end.writeUInt32LE(0xffffffff, 16);
  yield Buffer.concat([end64, locator, end]);
}
