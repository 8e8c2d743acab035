import { RandomBytes } from '../clock';
import { ContentEntry } from './ContentEntry';
import { RepositoryKeys } from './encryptedBlob';
import { buildIndex } from './IndexBuilder';
import { recoverySection } from './packRecovery';

const preambleLength = 32;
const paddingUnit = 4096;

/** Buffers of full packs, used again: each is larger than 20 MiB. */
export class PackBuffers {
  private readonly free: Buffer[] = [];

  constructor(readonly size: number) {}

  take(): Buffer {
    // Pages that are never written to cost no memory, so a small pack in a large buffer is cheap.
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.size && this.free.length < 2)
      this.free.push(buffer);
  }
}

/**
 * A pack that fills up: random preamble, encrypted contents back to back, padding, recovery section (Kopia: pack
 * blob).
 */
export class PackBuilder {
  readonly entries: ContentEntry[] = [];
  private buffer: Buffer;
  private used: number;

  constructor(
    readonly id: string,
    private readonly buffers: PackBuffers,
    private readonly random: RandomBytes,
    head: Buffer,
  ) {
    this.buffer = buffers.take();
    this.used = head.copy(this.buffer);
    this.used += random(preambleLength).copy(this.buffer, this.used);
  }

  /** Bytes so far. */
  get length(): number {
    return this.used;
  }

  /**
   * Adds an encrypted content.
   *
   * @param space - most bytes that `write` may need
   * @param write - writes to the buffer at the offset and returns the bytes it wrote
   */
  append(
    entry: Omit<ContentEntry, 'pack' | 'offset' | 'packedLength'>,
    space: number,
    write: (buffer: Buffer, at: number) => number,
  ): ContentEntry {
    if (this.used + space > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(this.used + space + paddingUnit);
      this.buffer.copy(larger, 0, 0, this.used);
      this.buffers.give(this.buffer);
      this.buffer = larger;
    }
    const packedLength = write(this.buffer, this.used);
    const added: ContentEntry = {
      ...entry,
      pack: this.id,
      offset: this.used,
      packedLength,
    };
    this.entries.push(added);
    this.used += packedLength;
    return added;
  }

  /** An encrypted content of this pack. */
  slice(offset: number, length: number): Buffer {
    return this.buffer.subarray(offset, offset + length);
  }

  /** The finished pack's bytes. */
  finish(keys: RepositoryKeys): Buffer[] {
    const padding = this.random(paddingUnit - (this.used % paddingUnit));
    const index = Buffer.concat([buildIndex(this.entries), this.random(32)]);
    const recovery = recoverySection(keys, index, this.used + padding.length);
    if (this.used + padding.length + recovery.length <= this.buffer.length) {
      let end = this.used + padding.copy(this.buffer, this.used);
      end += recovery.copy(this.buffer, end);
      return [this.buffer.subarray(0, end)];
    }
    return [this.buffer.subarray(0, this.used), padding, recovery];
  }

  /** Gives the buffer back; nothing may read this pack any more. */
  release(): void {
    this.buffers.give(this.buffer);
    this.buffer = Buffer.alloc(0);
  }
}
