import { contentHashBytes } from '../content/contentId';

/**
 * A large set of names, 8 bytes of each hash: ten million take 160 MiB at most. A name may be found that was not
 * added, with a chance below 1 in 10^12; what is kept by mistake does no harm.
 */
export class ContentIdSet {
  private slots = new BigUint64Array(1 << 12);
  private used = 0;

  get size(): number {
    return this.used;
  }

  private static value(id: string): bigint {
    const hash = contentHashBytes(id);
    const prefix = id.length % 2 === 1 ? BigInt(id.charCodeAt(0)) << 56n : 0n;
    // 0 marks an empty slot.
    return (hash.readBigUInt64LE(0) ^ prefix) | 1n;
  }

  /** @returns whether it was new */
  add(id: string): boolean {
    if (this.used * 4 >= this.slots.length * 3) this.grow();
    const added = this.insert(ContentIdSet.value(id));
    if (added) this.used += 1;
    return added;
  }

  has(id: string): boolean {
    const value = ContentIdSet.value(id);
    for (let at = this.start(value); ; at = (at + 1) % this.slots.length) {
      if (this.slots[at] === value) return true;
      if (this.slots[at] === 0n) return false;
    }
  }

  private start(value: bigint): number {
    return Number((value >> 8n) % BigInt(this.slots.length));
  }

  private insert(value: bigint): boolean {
    let at = this.start(value);
    while (this.slots[at] !== 0n) {
      if (this.slots[at] === value) return false;
      at = (at + 1) % this.slots.length;
    }
    this.slots[at] = value;
    return true;
  }

  private grow() {
    const old = this.slots;
    this.slots = new BigUint64Array(old.length * 2);
    for (const value of old) if (value !== 0n) this.insert(value);
  }
}
