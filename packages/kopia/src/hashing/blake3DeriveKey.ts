// hash-wasm has BLAKE3 plain and keyed, but not its key derivation. Secrets that need it are shorter than 32 bytes,
// so context and material each fit one 64-byte block: one compression each.
const iv = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
  0x1f83d9ab, 0x5be0cd19,
];
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const chunkStart = 1;
const chunkEnd = 2;
const root = 8;
const deriveKeyContext = 32;
const deriveKeyMaterial = 64;

const rotateRight = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function mix(
  s: number[],
  a: number,
  b: number,
  c: number,
  d: number,
  x: number,
  y: number,
) {
  s[a] = (s[a] + s[b] + x) | 0;
  s[d] = rotateRight(s[d] ^ s[a], 16);
  s[c] = (s[c] + s[d]) | 0;
  s[b] = rotateRight(s[b] ^ s[c], 12);
  s[a] = (s[a] + s[b] + y) | 0;
  s[d] = rotateRight(s[d] ^ s[a], 8);
  s[c] = (s[c] + s[d]) | 0;
  s[b] = rotateRight(s[b] ^ s[c], 7);
}

const permute = (words: readonly number[]) => permutation.map(i => words[i]);

function compressBlock(key: number[], block: Uint8Array, mode: number): Buffer {
  const padded = Buffer.alloc(64);
  padded.set(block);
  let m = Array.from({ length: 16 }, (_, i) => padded.readUInt32LE(4 * i));
  const flags = chunkStart | chunkEnd | root | mode;
  const s = [...key, ...iv.slice(0, 4), 0, 0, block.length, flags];
  for (let round = 0; round < 7; round++) {
    mix(s, 0, 4, 8, 12, m[0], m[1]);
    mix(s, 1, 5, 9, 13, m[2], m[3]);
    mix(s, 2, 6, 10, 14, m[4], m[5]);
    mix(s, 3, 7, 11, 15, m[6], m[7]);
    mix(s, 0, 5, 10, 15, m[8], m[9]);
    mix(s, 1, 6, 11, 12, m[10], m[11]);
    mix(s, 2, 7, 8, 13, m[12], m[13]);
    mix(s, 3, 4, 9, 14, m[14], m[15]);
    m = permute(m);
  }
  const out = Buffer.alloc(32);
  for (let i = 0; i < 8; i++) out.writeUInt32LE((s[i] ^ s[i + 8]) >>> 0, 4 * i);
  return out;
}

/**
 * BLAKE3 key derivation (32 bytes) for a context and material of at most 64 bytes each.
 */
export function blake3DeriveKey(context: string, material: Uint8Array): Buffer {
  const contextBytes = Buffer.from(context, 'utf8');
  if (contextBytes.length > 64 || material.length > 64) {
    throw new RangeError('blake3DeriveKey takes at most one block');
  }
  const contextKey = compressBlock(iv, contextBytes, deriveKeyContext);
  const key = Array.from({ length: 8 }, (_, i) =>
    contextKey.readUInt32LE(4 * i),
  );
  return compressBlock(key, material, deriveKeyMaterial);
}
