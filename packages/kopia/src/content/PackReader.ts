import { BlobStorage } from '../blob/BlobStorage';

const windowSize = 256 * 1024;

/**
 * Reads parts of packs. Small parts come from windows of 256 KiB that stay for a while: neighbours in a pack are
 * mostly wanted together, and a request costs more than the bytes.
 */
export class PackReader {
  private readonly windows = new Map<string, Promise<Buffer>>();
  private readonly lengths = new Map<string, Promise<number>>();

  constructor(
    private readonly storage: BlobStorage,
    private readonly maximumWindows = 96,
  ) {}

  /** Whether a part of this length comes in memory of its own, which the caller may free; others share a window. */
  static givesAway(length: number): boolean {
    return length >= windowSize / 2;
  }

  async read(
    pack: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const first = Math.floor(offset / windowSize);
    const last = Math.floor((offset + length - 1) / windowSize);
    if (PackReader.givesAway(length) || length === 0 || last > first + 1)
      return this.storage.get(pack, { offset, length }, { signal });
    const total = await this.lengthOf(pack, signal);
    // A range outside the pack gets the storage's own error.
    if (offset + length > total)
      return this.storage.get(pack, { offset, length }, { signal });
    const start = await this.window(pack, first, total, signal);
    const from = offset - first * windowSize;
    if (last === first) return start.subarray(from, from + length);
    const end = await this.window(pack, last, total, signal);
    return Buffer.concat([
      start.subarray(from),
      end.subarray(0, offset + length - last * windowSize),
    ]);
  }

  private lengthOf(pack: string, signal?: AbortSignal): Promise<number> {
    const known = this.lengths.get(pack);
    if (known) return known;
    const asked = this.storage
      .stat(pack, { signal })
      .then(found => found?.length ?? 0);
    this.lengths.set(pack, asked);
    asked.catch(() => this.lengths.delete(pack));
    if (this.lengths.size > 10_000)
      this.lengths.delete(this.lengths.keys().next().value!);
    return asked;
  }

  private window(
    pack: string,
    number: number,
    total: number,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const key = `${pack}/${number}`;
    const known = this.windows.get(key);
    if (known) {
      this.windows.delete(key);
      this.windows.set(key, known);
      return known;
    }
    const offset = number * windowSize;
    const asked = this.storage.get(
      pack,
      { offset, length: Math.min(windowSize, total - offset) },
      { signal },
    );
    this.windows.set(key, asked);
    asked.catch(() => this.windows.delete(key));
    if (this.windows.size > this.maximumWindows)
      this.windows.delete(this.windows.keys().next().value!);
    return asked;
  }

  /** Forgets everything, after packs were deleted. */
  clear(): void {
    this.windows.clear();
    this.lengths.clear();
  }
}
