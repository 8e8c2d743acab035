import { crc32 } from 'node:zlib';
import { corrupt } from '../errors';
import { RepositoryKeys } from './encryptedBlob';

/** Bytes at the end of a pack that hold the whole postamble. */
export const postambleWindow = 8192;

function uvarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/**
 * The end of a pack: its own index, encrypted, and where to find it. A repository whose index blobs are lost can be
 * rebuilt from these (Kopia: recovery index).
 *
 * @param at - length of the pack so far
 */
export function recoverySection(
  keys: RepositoryKeys,
  index: Buffer,
  at: number,
): Buffer {
  // Here the whole hash authenticates, not its last 16 bytes.
  const iv = keys.hash.digest(index);
  const sealed = keys.cipher.seal(index, iv);
  const fields = Buffer.concat([
    Buffer.from([...uvarint(1), ...uvarint(iv.length)]),
    iv,
    Buffer.from([...uvarint(at), ...uvarint(sealed.length)]),
  ]);
  const end = Buffer.alloc(5);
  end.writeUInt32BE(crc32(fields));
  end[4] = fields.length + 4;
  return Buffer.concat([sealed, fields, end]);
}

/** Where the index of a pack is, from the last bytes of the pack. Throws `corrupt`. */
export function findRecoveryIndex(tail: Buffer): {
  iv: Buffer;
  offset: number;
  length: number;
} {
  const size = tail[tail.length - 1];
  const fields = tail.subarray(tail.length - 1 - size, tail.length - 5);
  if (
    size < 6 ||
    tail.length < size + 1 ||
    crc32(fields) !== tail.readUInt32BE(tail.length - 5)
  ) {
    throw corrupt('A pack has no valid recovery section');
  }
  let at = 0;
  const next = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (at >= fields.length || factor > 2 ** 49)
        throw corrupt('A pack has a malformed recovery section');
      const byte = fields[at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  if (next() !== 1)
    throw corrupt('A pack has a recovery section of an unknown version');
  const ivLength = next();
  const iv = fields.subarray(at, at + ivLength);
  at += ivLength;
  return { iv, offset: next(), length: next() };
}
