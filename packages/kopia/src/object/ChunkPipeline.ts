import { Compressor } from '../compression/compressors';
import { contentIv } from '../content/contentId';
import { ContentStore } from '../content/ContentStore';
import { ChunkFinder } from '../splitter/ChunkFinder';
import {
  createScanner,
  dataStart,
  Scanner,
  windowLength,
} from '../splitter/Scanner';
import { SplitterParameters } from '../splitter/splitterParameters';
import { ReadFailure } from '../worker/readFiles';
import {
  sealedLead,
  SealerSetup,
  sealedTail,
  Stretch,
} from '../worker/sealing';
import { SealPool, startSealPool } from '../worker/SealPool';

/** A source of bytes: fills part of a buffer and returns how many bytes it wrote, 0 only at the end. */
export type ByteSource = (
  into: Buffer,
  offset: number,
  length: number,
) => Promise<number>;

/** One chunk of an object, in order. */
export interface StoredChunk {
  readonly contentId: string;
  readonly length: number;
}

/** A small file that is stored as one chunk. */
export interface FileToStore {
  readonly path: string | Buffer;
  /** Expected length in bytes. */
  readonly size: number;
  readonly compressor: Compressor | undefined;
}

/** What became of it; `elsewhere`: it must be read another way. */
export type StoredFile =
  | StoredChunk
  | { readonly failed: ReadFailure }
  | 'elsewhere';

/** A chunk in the shared memory whose name is known. */
interface NamedChunk {
  readonly contentId: string;
  readonly stretch: Stretch;
  readonly compressor: Compressor | undefined;
}

const readStep = 1024 * 1024;
// The encrypted form is longer than the chunk: its nonce lies in the window before, its tag behind.
const tail = 64;

/**
 * Cuts byte sources into chunks and stores these as contents. Chunks lie in slots of one shared memory: they are read
 * into it, cut, hashed and encrypted in place, without a copy between threads.
 */
export class ChunkPipeline {
  private readonly freeSlots: number[] = [];
  private readonly waiting: { give(slot: number): void }[] = [];
  private readonly slotSize: number;

  private constructor(
    readonly parameters: SplitterParameters,
    private readonly contents: ContentStore,
    private readonly scanner: Scanner | undefined,
    private readonly memory: Buffer,
    private readonly pool: SealPool,
    slots: number,
  ) {
    this.slotSize = windowLength + parameters.maximum + tail;
    for (let i = slots - 1; i >= 0; i--) this.freeSlots.push(i);
  }

  /** @param workers - threads besides this one */
  static async start(
    parameters: SplitterParameters,
    contents: ContentStore,
    setup: SealerSetup,
    workers: number,
  ): Promise<ChunkPipeline> {
    // Each thread has a chunk to work on and one that waits, and this thread four that it reads or packs.
    const slots = 2 * Math.max(1, workers) + 4;
    const bytes = slots * (windowLength + parameters.maximum + tail);
    const scanner =
      parameters.method === 'fixed'
        ? undefined
        : createScanner(bytes, parameters.method);
    const memory =
      scanner?.memory ?? Buffer.from(new SharedArrayBuffer(dataStart + bytes));
    const pool = await startSealPool(setup, memory, workers);
    return new ChunkPipeline(
      parameters,
      contents,
      scanner,
      memory,
      pool,
      slots,
    );
  }

  /** Bytes of the shared memory that a file of a batch takes. */
  static roomFor(size: number): number {
    // One byte more than expected shows whether the file has grown.
    return sealedLead + size + 1 + sealedTail;
  }

  private async takeSlot(signal: AbortSignal | undefined): Promise<number> {
    signal?.throwIfAborted();
    const free = this.freeSlots.pop();
    if (free !== undefined) return free;
    return new Promise((resolve, reject) => {
      const waiter = { give: resolve as (slot: number) => void };
      const abandon = () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      waiter.give = slot => {
        signal?.removeEventListener('abort', abandon);
        resolve(slot);
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.waiting.push(waiter);
    });
  }

  private giveSlot(slot: number) {
    const next = this.waiting.shift();
    if (next) next.give(slot);
    else this.freeSlots.push(slot);
  }

  /**
   * Stores a byte source.
   *
   * @param start - bytes that were read already
   * @param onChunk - called in order as chunks are found, with promises of their storing
   */
  async store(
    source: ByteSource,
    options: {
      prefix: string;
      compressor: Compressor | undefined;
      start?: Buffer;
      signal?: AbortSignal;
      onChunk(chunk: Promise<StoredChunk>): void;
    },
  ): Promise<void> {
    const { prefix, compressor, signal } = options;
    const { maximum, minimum } = this.parameters;
    let carried: Buffer = options.start ?? Buffer.alloc(0);
    let window: Buffer = Buffer.alloc(windowLength);
    let ended = false;
    const failures: unknown[] = [];
    while (!ended || carried.length > 0) {
      if (failures.length > 0) throw failures[0];
      const slot = await this.takeSlot(signal);
      let length: number;
      const at = dataStart + slot * this.slotSize + windowLength;
      try {
        signal?.throwIfAborted();
        window.copy(this.memory, at - windowLength);
        let have = carried.copy(this.memory, at, 0, maximum);
        // More than one chunk may have been read ahead.
        let rest = carried.subarray(have);
        const finder = new ChunkFinder(this.parameters, this.scanner, at);
        length = finder.end(have);
        const readOn = () => {
          const want = Math.min(
            maximum - have,
            have < minimum ? Math.max(minimum - have, readStep) : readStep,
          );
          const started = source(this.memory, at + have, want);
          // It is awaited below, also when the chunk ends before it.
          started.catch(() => undefined);
          return started;
        };
        let reading =
          length === 0 && !ended && have < maximum ? readOn() : undefined;
        while (reading) {
          const got: number = await reading;
          signal?.throwIfAborted();
          if (got === 0) ended = true;
          have += got;
          // The next bytes come while these are looked through.
          reading =
            length === 0 && !ended && have < maximum ? readOn() : undefined;
          if (length === 0) length = finder.end(have);
        }
        if (length === 0) length = have;
        // The slot is encrypted in place: what follows must be kept elsewhere.
        window = Buffer.from(
          this.memory.subarray(at + length - windowLength, at + length),
        );
        if (have > length)
          rest = Buffer.concat([
            this.memory.subarray(at + length, at + have),
            rest,
          ]);
        carried = rest;
      } catch (error) {
        this.giveSlot(slot);
        throw error;
      }
      if (length === 0) {
        this.giveSlot(slot);
        break;
      }
      const stored = this.storeSlot(
        { at, length },
        prefix,
        compressor,
        signal,
      ).finally(() => this.giveSlot(slot));
      // The caller awaits it later; until then a failure must not count as unhandled.
      stored.catch(error => failures.push(error));
      options.onChunk(stored);
    }
  }

  private async storeSlot(
    stretch: Stretch,
    prefix: string,
    compressor: Compressor | undefined,
    signal: AbortSignal | undefined,
  ): Promise<StoredChunk> {
    const contentId = prefix + (await this.pool.hash(stretch));
    await this.storeNamed([{ contentId, stretch, compressor }], signal);
    return { contentId, length: stretch.length };
  }

  /** Encrypts and stores the chunks that are not there already. */
  private async storeNamed(
    chunks: readonly NamedChunk[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const claimed: NamedChunk[] = [];
    try {
      for (const chunk of chunks)
        if (this.contents.claim(chunk.contentId)) claimed.push(chunk);
      if (claimed.length === 0) return;
      const sealed = await this.pool.seal(
        claimed.map(({ contentId, stretch, compressor }) => ({
          ...stretch,
          iv: contentIv(contentId).toString('hex'),
          compressor: compressor?.name,
        })),
      );
      for (const [i, { contentId, stretch }] of claimed.entries()) {
        const { at, length, compression } = sealed[i];
        await this.contents.appendSealed(
          contentId,
          this.memory.subarray(at, at + length),
          stretch.length,
          compression,
          signal,
        );
      }
    } finally {
      for (const { contentId } of claimed) this.contents.unclaim(contentId);
    }
  }

  /**
   * Stores small files, each as one chunk of file data; where they are hashed and encrypted they are read, too.
   *
   * @param files - none so long that it could be cut; their room together no more than the longest chunk
   * @returns in the order of the files
   */
  async storeFiles(
    files: readonly FileToStore[],
    signal?: AbortSignal,
  ): Promise<StoredFile[]> {
    const slot = await this.takeSlot(signal);
    try {
      let free = dataStart + slot * this.slotSize + windowLength;
      const places = files.map(({ path, size }) => {
        const at = free + sealedLead;
        free += ChunkPipeline.roomFor(size);
        return { path, size, at };
      });
      const read = await this.pool.readFiles(places);
      signal?.throwIfAborted();
      const chunks: NamedChunk[] = [];
      const stored = read.map(
        ({ hash: contentId, length, failed }, i): StoredFile => {
          if (failed) return { failed };
          if (contentId === undefined) return 'elsewhere';
          const stretch = { at: places[i].at, length };
          chunks.push({ contentId, stretch, compressor: files[i].compressor });
          return { contentId, length };
        },
      );
      await this.storeNamed(chunks, signal);
      return stored;
    } finally {
      this.giveSlot(slot);
    }
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
