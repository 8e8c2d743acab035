import {
  constants,
  deflateRawSync,
  gunzip as gunzipInPool,
  gunzipSync,
  gzipSync,
  inflateRaw,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
  type ZlibOptions,
} from 'node:zlib';
import { promisify } from 'node:util';
import { KopiaError } from '../errors';
import { decodeS2 } from './s2';

/** A way to compress contents, by its name in policies and its number in stored data. */
export interface Compressor {
  readonly name: string;
  /** The four bytes before the compressed stream, big endian. */
  readonly headerId: number;
  /** Missing where this package only reads. */
  compress?(data: Uint8Array): Buffer;
  /** Throws when the stream is damaged or longer than `limit` bytes. */
  decompress(stream: Uint8Array, limit: number): Buffer;
  /** The same in another thread. */
  decompressElsewhere?(stream: Uint8Array, limit: number): Promise<Buffer>;
}

type Decompression = Pick<Compressor, 'decompress' | 'decompressElsewhere'>;

const z = constants;
const outputChunk = (data: Uint8Array) =>
  Math.max(1024, data.length + (data.length >>> 8) + 64);

const zstd = (level: number) => (data: Uint8Array) =>
  zstdCompressSync(data, {
    chunkSize: outputChunk(data),
    params: { [z.ZSTD_c_compressionLevel]: level, [z.ZSTD_c_checksumFlag]: 1 },
  });
const gzip = (level: number) => (data: Uint8Array) =>
  gzipSync(data, { level, chunkSize: outputChunk(data) });
const deflate = (level: number) => (data: Uint8Array) =>
  deflateRawSync(data, { level, chunkSize: outputChunk(data) });

const limited = (limit: number) => ({
  maxOutputLength: Math.max(1, limit),
  chunkSize: Math.min(Math.max(1024, limit + 64), 16 * 1024 * 1024),
});
const unzstd: Decompression = {
  decompress: (stream, limit) => zstdDecompressSync(stream, limited(limit)),
  decompressElsewhere: (stream, limit) =>
    promisify(zstdDecompress)(stream, limited(limit)),
};
const gunzip: Decompression = {
  decompress: (stream, limit) => gunzipSync(stream, limited(limit)),
  decompressElsewhere: (stream, limit) =>
    promisify<Uint8Array, ZlibOptions, Buffer>(gunzipInPool)(
      stream,
      limited(limit),
    ),
};
const inflate: Decompression = {
  decompress: (stream, limit) => inflateRawSync(stream, limited(limit)),
  decompressElsewhere: (stream, limit) =>
    promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw)(
      stream,
      limited(limit),
    ),
};

const all: Compressor[] = [
  {
    name: 'gzip',
    headerId: 0x1000,
    compress: gzip(z.Z_DEFAULT_COMPRESSION),
    ...gunzip,
  },
  {
    name: 'gzip-best-speed',
    headerId: 0x1001,
    compress: gzip(1),
    ...gunzip,
  },
  {
    name: 'gzip-best-compression',
    headerId: 0x1002,
    compress: gzip(9),
    ...gunzip,
  },
  { name: 'zstd', headerId: 0x1100, compress: zstd(3), ...unzstd },
  {
    name: 'zstd-fastest',
    headerId: 0x1101,
    compress: zstd(1),
    ...unzstd,
  },
  {
    name: 'zstd-better-compression',
    headerId: 0x1102,
    compress: zstd(7),
    ...unzstd,
  },
  {
    name: 'zstd-best-compression',
    headerId: 0x1103,
    compress: zstd(12),
    ...unzstd,
  },
  { name: 's2-default', headerId: 0x1200, decompress: decodeS2 },
  { name: 's2-better', headerId: 0x1201, decompress: decodeS2 },
  { name: 's2-parallel-4', headerId: 0x1202, decompress: decodeS2 },
  { name: 's2-parallel-8', headerId: 0x1203, decompress: decodeS2 },
  {
    name: 'pgzip',
    headerId: 0x1300,
    compress: gzip(z.Z_DEFAULT_COMPRESSION),
    ...gunzip,
  },
  {
    name: 'pgzip-best-speed',
    headerId: 0x1301,
    compress: gzip(1),
    ...gunzip,
  },
  {
    name: 'pgzip-best-compression',
    headerId: 0x1302,
    compress: gzip(9),
    ...gunzip,
  },
  {
    name: 'deflate-default',
    headerId: 0x1500,
    compress: deflate(z.Z_DEFAULT_COMPRESSION),
    ...inflate,
  },
  {
    name: 'deflate-best-speed',
    headerId: 0x1501,
    compress: deflate(1),
    ...inflate,
  },
  {
    name: 'deflate-best-compression',
    headerId: 0x1502,
    compress: deflate(9),
    ...inflate,
  },
];
const byName = new Map(all.map(compressor => [compressor.name, compressor]));
const byHeader = new Map(
  all.map(compressor => [compressor.headerId, compressor]),
);
const removed: Record<number, string> = { 0x1400: 'lz4' };

/** Names of the compressors that this package writes. @public */
export const writableCompressors: readonly string[] = all
  .filter(({ compress }) => compress)
  .map(({ name }) => name);

/** The compressor of a stored header. Throws `unsupported` on unknown and on removed ones. */
export function compressorOfHeader(headerId: number): Compressor {
  const found = byHeader.get(headerId);
  if (found) return found;
  const text = `0x${headerId.toString(16)}`;
  throw new KopiaError(
    'unsupported',
    removed[headerId]
      ? `Compressor "${removed[headerId]}" (${text}) was removed from Kopia: neither Kopia nor this package can read its data`
      : `Unknown compressor ${text}`,
  );
}

/** The compressor of a policy's name; undefined for `none` and the empty name. Throws if it cannot be written. */
export function compressorToWrite(
  name: string | undefined,
): Compressor | undefined {
  if (!name || name === 'none') return undefined;
  const found = byName.get(name);
  if (!found?.compress) {
    throw new KopiaError(
      'unsupported',
      `Compressor "${name}" cannot be written; use one of none, ${writableCompressors.join(
        ', ',
      )}`,
    );
  }
  return found;
}

/** The header of a compressor as stored before its stream. */
export function compressionHeader(headerId: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(headerId);
  return header;
}

/** The compressor that a payload names. */
function compressorOfPayload(
  payload: Uint8Array,
  expectedHeader: number | undefined,
): Compressor {
  if (payload.length < 4) throw new Error('compressed data without its header');
  const header = Buffer.from(
    payload.buffer,
    payload.byteOffset,
    4,
  ).readUInt32BE(0);
  if (expectedHeader !== undefined && header !== expectedHeader) {
    throw new Error(
      `compression header is 0x${header.toString(
        16,
      )}, the index says 0x${expectedHeader.toString(16)}`,
    );
  }
  return compressorOfHeader(header);
}

/** Decompresses header and stream, as objects of old repositories and index entries with a compressor hold them. */
export function decompressPayload(
  payload: Uint8Array,
  limit: number,
  expectedHeader?: number,
): Buffer {
  return compressorOfPayload(payload, expectedHeader).decompress(
    payload.subarray(4),
    limit,
  );
}

// Below this, going to another thread costs more than it gives.
const worthAnotherThread = 256 * 1024;

/** Like {@link decompressPayload}; large payloads in another thread, several at once. */
export async function decompressPayloadBeside(
  payload: Uint8Array,
  limit: number,
  expectedHeader?: number,
): Promise<Buffer> {
  const compressor = compressorOfPayload(payload, expectedHeader);
  const stream = payload.subarray(4);
  return limit >= worthAnotherThread && compressor.decompressElsewhere
    ? compressor.decompressElsewhere(stream, limit)
    : compressor.decompress(stream, limit);
}
