import { maskedCrc32c } from './crc32c';

const maximumBlock = 4 * 1024 * 1024;
const identifiers = ['S2sTwO', 'sNaPpY'];

/** One Snappy block, with S2's extension: a copy of offset 0 repeats the last offset and may be long. */
function decodeBlock(source: Uint8Array): Buffer {
  let at = 0;
  const byte = () => {
    if (at >= source.length) throw new Error('S2 block ends early');
    return source[at++];
  };
  const little = (bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += byte() * 2 ** (8 * i);
    return value;
  };
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const next = byte();
    length += (next & 0x7f) * 2 ** shift;
    if (next < 0x80) break;
    if (shift > 28) throw new Error('S2 block length is too large');
  }
  if (length > maximumBlock)
    throw new Error('S2 block is larger than the format allows');
  const out = Buffer.allocUnsafe(length);
  let size = 0;
  let offset = 0;
  while (at < source.length) {
    const tag = byte();
    let count: number;
    if ((tag & 3) === 0) {
      count = tag >>> 2;
      if (count >= 60) count = little(count - 59);
      count += 1;
      if (at + count > source.length || size + count > length)
        throw new Error('S2 literal is too long');
      out.set(source.subarray(at, at + count), size);
      at += count;
      size += count;
      continue;
    }
    if ((tag & 3) === 1) {
      const distance = ((tag & 0xe0) << 3) | byte();
      const code = (tag >>> 2) & 7;
      if (distance !== 0) {
        offset = distance;
        count = code + 4;
      } else if (code < 5) count = code + 4;
      else if (code === 5) count = byte() + 8;
      else if (code === 6) count = little(2) + 260;
      else count = little(3) + 65540;
    } else {
      offset = little((tag & 3) === 2 ? 2 : 4);
      count = (tag >>> 2) + 1;
    }
    if (offset === 0 || offset > size || size + count > length)
      throw new Error('S2 copy points outside its block');
    if (offset >= count)
      out.copyWithin(size, size - offset, size - offset + count);
    else for (let i = 0; i < count; i++) out[size + i] = out[size - offset + i];
    size += count;
  }
  if (size !== length) throw new Error('S2 block is shorter than it says');
  return out;
}

/**
 * Decodes an S2 or framed Snappy stream, with its checksums.
 *
 * @param limit - most bytes to produce; more is an error
 */
export function decodeS2(stream: Uint8Array, limit: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  let identified = false;
  let at = 0;
  while (at < stream.length) {
    if (at + 4 > stream.length)
      throw new Error('S2 stream ends in a chunk header');
    const type = stream[at];
    const length =
      stream[at + 1] + stream[at + 2] * 0x100 + stream[at + 3] * 0x10000;
    const body = stream.subarray(at + 4, at + 4 + length);
    if (body.length !== length) throw new Error('S2 stream ends in a chunk');
    at += 4 + length;
    if (type === 0xff) {
      if (!identifiers.includes(Buffer.from(body).toString('latin1')))
        throw new Error('not an S2 stream');
      identified = true;
      continue;
    }
    if (!identified) throw new Error('S2 stream has no identifier');
    if (type >= 0x80) continue;
    if (type > 1 || length < 4)
      throw new Error('unknown chunk in an S2 stream');
    const data =
      type === 0
        ? decodeBlock(body.subarray(4))
        : Buffer.from(body.subarray(4));
    const expected = Buffer.from(body.buffer, body.byteOffset, 4).readUInt32LE(
      0,
    );
    if (maskedCrc32c(data) !== expected) throw new Error('S2 checksum differs');
    total += data.length;
    if (total > limit)
      throw new Error('decompressed data is longer than its index entry says');
    parts.push(data);
  }
  return Buffer.concat(parts, total);
}
