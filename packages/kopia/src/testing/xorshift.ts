/** Repeatable pseudo-random bytes: 32-bit xorshift, little endian, as the splitter vectors use them. */
export function xorshift(seed: number, length: number): Buffer {
  const words = Math.ceil(length / 4);
  const out = Buffer.allocUnsafe(words * 4);
  let x = seed | 0;
  for (let i = 0; i < words; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out.writeInt32LE(x, i * 4);
  }
  return out.subarray(0, length);
}
