// The polynomial that Kopia's RABINKARP splitters use, of degree 53.
const polynomial = 0x2e3e3e4a305605n;
const degree = 53;
const window = 64;

function reduce(value: bigint): bigint {
  let rest = value;
  while (rest.toString(2).length - 1 >= degree && rest > 0n) {
    rest ^= polynomial << BigInt(rest.toString(2).length - 1 - degree);
  }
  return rest;
}

/**
 * Tables of the Rabin fingerprint: `out[b]` removes the byte b that leaves the window of 64, `mod[b]` reduces after
 * a shift by a byte whose overflow was b.
 */
export function rabinTables(): { out: BigUint64Array; mod: BigUint64Array } {
  const out = new BigUint64Array(256);
  const mod = new BigUint64Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let fingerprint = reduce(BigInt(byte));
    for (let i = 0; i < window - 1; i++)
      fingerprint = reduce(fingerprint << 8n);
    out[byte] = fingerprint;
    const shifted = BigInt(byte) << BigInt(degree);
    mod[byte] = reduce(shifted) | shifted;
  }
  return { out, mod };
}
