import { IndexRow } from './IndexCursor';

const chunkSize = 1024 * 1024;
const longestName = 255;

/**
 * Numbers for the packs of many indexes, the same for the same name. A million packs take about 65 MiB: names lie in
 * bytes, not as text.
 */
export class PackTable {
  private readonly chunks: Buffer[] = [];
  private used = chunkSize;
  private places = new Float64Array(1024);
  private count = 0;
  private slots = new Int32Array(4096);
  /** By index and the pack's number in it: number here + 1. */
  private readonly known: Int32Array[] = [];

  /** Number of packs so far. */
  get size(): number {
    return this.count;
  }

  /** Number of a row's pack. */
  numberOf({ reader, source, block, at }: IndexRow): number {
    const local = reader.packNumberAt(block, at);
    let numbers = this.known[source];
    if (numbers === undefined || local >= numbers.length) {
      const larger = new Int32Array(
        Math.max(1024, 2 * (numbers?.length ?? 0), local + 1),
      );
      if (numbers) larger.set(numbers);
      numbers = larger;
      this.known[source] = larger;
    }
    if (numbers[local] === 0)
      numbers[local] = this.intern(reader.packNameBytes(local)) + 1;
    return numbers[local] - 1;
  }

  /** Number of a pack by its name; undefined when no row has named it. */
  find(name: string): number | undefined {
    const bytes = Buffer.from(name, 'latin1');
    const slot = this.slotOf(bytes);
    return this.slots[slot] === 0 ? undefined : this.slots[slot] - 1;
  }

  /** Name of a pack. */
  nameOf(number: number): Buffer {
    const place = this.places[number];
    const chunk = this.chunks[Math.floor(place / chunkSize)];
    const at = place % chunkSize;
    return chunk.subarray(at + 1, at + 1 + chunk[at]);
  }

  private static hash(name: Buffer): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++)
      hash = Math.imul(hash ^ name[i], 0x01000193);
    return hash >>> 0;
  }

  /** The slot of a name, or the empty one where it belongs. */
  private slotOf(name: Buffer): number {
    const mask = this.slots.length - 1;
    let slot = PackTable.hash(name) & mask;
    while (
      this.slots[slot] !== 0 &&
      !this.nameOf(this.slots[slot] - 1).equals(name)
    )
      slot = (slot + 1) & mask;
    return slot;
  }

  private intern(name: Buffer): number {
    const slot = this.slotOf(name);
    if (this.slots[slot] !== 0) return this.slots[slot] - 1;
    if (this.used + name.length + 1 > chunkSize) {
      this.chunks.push(Buffer.alloc(chunkSize));
      this.used = 0;
    }
    const chunk = this.chunks[this.chunks.length - 1];
    chunk[this.used] = Math.min(longestName, name.length);
    name.copy(chunk, this.used + 1);
    if (this.count === this.places.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.places);
      this.places = larger;
    }
    this.places[this.count] = (this.chunks.length - 1) * chunkSize + this.used;
    this.used += name.length + 1;
    this.slots[slot] = this.count + 1;
    this.count += 1;
    if (this.count * 2 > this.slots.length) this.grow();
    return this.count - 1;
  }

  private grow() {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let number = 0; number < this.count; number++)
      this.slots[this.slotOf(this.nameOf(number))] = number + 1;
  }
}
