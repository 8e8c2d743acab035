// The hot loop of the content-defined splitters, compiled by scripts/generate-splitter.mjs.
// Memory: 0 buzhash table (256 × u32) · 1024 state (u64) · 2048 Rabin "out" table (256 × u64) · 4096 Rabin "mod"
// table (256 × u64) · 65536 data. The 64 bytes before the first scanned byte must be readable.

/** Sets the state to the buzhash of the 64 bytes that end before p. */
export function buzhashInit(p: usize): void {
  let s: u32 = 0;
  for (let i: usize = p - 64; i < p; i++)
    s = rotl<u32>(s, 1) ^ load<u32>((<usize>load<u8>(i)) << 2);
  store<u64>(1024, <u64>s);
}

/** Rolls bytes from p on; returns the position after the first byte whose masked hash is 0, or 0. */
export function buzhashFind(p: usize, end: usize, mask: u32): usize {
  let s: u32 = <u32>load<u64>(1024);
  while (p < end) {
    s =
      rotl<u32>(s, 1) ^
      load<u32>((<usize>load<u8>(p - 64)) << 2) ^
      load<u32>((<usize>load<u8>(p)) << 2);
    p++;
    if ((s & mask) == 0) {
      store<u64>(1024, <u64>s);
      return p;
    }
  }
  store<u64>(1024, <u64>s);
  return 0;
}

export function rabinInit(p: usize): void {
  let s: u64 = 0;
  for (let i: usize = p - 64; i < p; i++) {
    s =
      ((s << 8) | (<u64>load<u8>(i))) ^
      load<u64>(4096 + ((<usize>((s >> 45) & 255)) << 3));
  }
  store<u64>(1024, s);
}

export function rabinFind(p: usize, end: usize, mask: u32): usize {
  let s: u64 = load<u64>(1024);
  while (p < end) {
    s ^= load<u64>(2048 + ((<usize>load<u8>(p - 64)) << 3));
    s =
      ((s << 8) | (<u64>load<u8>(p))) ^
      load<u64>(4096 + ((<usize>((s >> 45) & 255)) << 3));
    p++;
    if (((<u32>s) & mask) == 0) {
      store<u64>(1024, s);
      return p;
    }
  }
  store<u64>(1024, s);
  return 0;
}
