const shareUsed = 0.8;

/**
 * A large set of names, 8 bytes of each hash: ten million take 100 MiB when their number is known before. A name may
 * be found that was not added, with a chance below 1 in 10^11; what is kept by mistake does no harm.
 */
export class ContentIdSet {
  private low: Uint32Array;
  private high: Uint32Array;
  private used = 0;

  /** @param expected - how many names there will be at most; more are possible at the price of copies */
  constructor(expected = 1000) {
    const slots = Math.ceil(expected / shareUsed) + 64;
    this.low = new Uint32Array(slots);
    this.high = new Uint32Array(slots);
  }

  get size(): number {
    return this.used;
  }

  /** @returns whether it was new */
  add(id: string): boolean {
    const prefixed = id.length % 2;
    return this.insert(
      parseInt(id.slice(prefixed, prefixed + 8), 16),
      mixed(
        parseInt(id.slice(prefixed + 8, prefixed + 16), 16),
        prefixed ? id.charCodeAt(0) : 0,
      ),
    );
  }

  has(id: string): boolean {
    const prefixed = id.length % 2;
    return this.find(
      parseInt(id.slice(prefixed, prefixed + 8), 16),
      mixed(
        parseInt(id.slice(prefixed + 8, prefixed + 16), 16),
        prefixed ? id.charCodeAt(0) : 0,
      ),
    );
  }

  /** The same for the key of a content in an index. */
  hasKey(keys: Buffer, at: number): boolean {
    return this.find(
      keys.readUInt32BE(at + 1),
      mixed(keys.readUInt32BE(at + 5), keys[at]),
    );
  }

  private find(low: number, high: number): boolean {
    for (
      let slot = low % this.low.length;
      ;
      slot = (slot + 1) % this.low.length
    ) {
      if (this.high[slot] === 0) return false;
      if (this.low[slot] === low && this.high[slot] === high) return true;
    }
  }

  private insert(low: number, high: number): boolean {
    if (this.used >= this.low.length * shareUsed) this.grow();
    let slot = low % this.low.length;
    while (this.high[slot] !== 0) {
      if (this.low[slot] === low && this.high[slot] === high) return false;
      slot = (slot + 1) % this.low.length;
    }
    this.low[slot] = low;
    this.high[slot] = high;
    this.used += 1;
    return true;
  }

  private grow() {
    const { low, high } = this;
    this.low = new Uint32Array(low.length * 2);
    this.high = new Uint32Array(low.length * 2);
    this.used = 0;
    for (let slot = 0; slot < low.length; slot++)
      if (high[slot] !== 0) this.insert(low[slot], high[slot]);
  }
}

/** Names of different kinds differ; 0 marks an empty slot. */
function mixed(high: number, prefix: number): number {
  return ((high ^ (prefix << 24)) | 1) >>> 0;
}
