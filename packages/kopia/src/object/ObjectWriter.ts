import { Compressor, compressorToWrite } from '../compression/compressors';
import { ContentStore } from '../content/ContentStore';
import { RepositoryFormat } from '../format/RepositoryFormat';
import { neverCut, splitterParameters } from '../splitter/splitterParameters';
import {
  ByteSource,
  ChunkPipeline,
  FileToStore,
  StoredChunk,
  StoredFile,
} from './ChunkPipeline';
import { formatIndirect, IndirectEntry } from './indirectObject';
import { openObject } from './ObjectReader';

/** How an object is stored. */
export interface WriteObjectOptions {
  /** Letter of the contents' kind: empty for file data, `k` for directories, `m` for manifests. */
  readonly prefix?: string;
  readonly compressor?: Compressor;
  /** Compresses lists of parts; default `zstd-fastest`. */
  readonly metadataCompressor?: Compressor;
  /** Another splitter than the repository's, for file data. */
  readonly splitter?: string;
  readonly signal?: AbortSignal;
  /** Called with the bytes of each chunk once it is stored. */
  readonly onStored?: (bytes: number) => void;
  /** Gets a function that stores what was read so far as an object of its own; used by checkpoints. */
  readonly onPartial?: (
    partial: () => Promise<WrittenObject | undefined>,
  ) => void;
}

/** A stored object. */
export interface WrittenObject {
  readonly id: string;
  readonly length: number;
}

/** How many small files are stored at once. */
export interface BatchLimits {
  /** Bytes of the largest file. */
  readonly largestFile: number;
  readonly files: number;
  /** Bytes of the files together, what encryption adds included. */
  readonly bytes: number;
  /** Threads that each work on a batch. */
  readonly threads: number;
}

// Below this size, handing a chunk to another thread costs more than hashing it here.
const inlineLimit = 256 * 1024;
// So many small files are handed to another thread at once that the way there and back costs little.
const filesPerBatch = 64;
const bytesPerBatch = 1024 * 1024;
// Chunks of one object that are under way at once, beyond the slots: keeps the list of promises short.
const ahead = 64;

/** Stores byte strings of any length as objects. */
export class ObjectWriter {
  private readonly pipelines = new Map<string, Promise<ChunkPipeline>>();
  private readonly defaultMetadataCompressor =
    compressorToWrite('zstd-fastest');

  constructor(
    private readonly contents: ContentStore,
    private readonly format: RepositoryFormat,
    private readonly workers: number,
  ) {}

  private pipeline(splitter: string): Promise<ChunkPipeline> {
    const known = this.pipelines.get(splitter);
    if (known) return known;
    const { hash, secret, encryption, masterKey } = this.format;
    const started = ChunkPipeline.start(
      splitterParameters(splitter),
      this.contents,
      { hash, secret, encryption, masterKey },
      this.workers,
    );
    this.pipelines.set(splitter, started);
    return started;
  }

  /** Stores bytes in memory. */
  async writeBuffer(
    data: Buffer,
    options: WriteObjectOptions = {},
  ): Promise<WrittenObject> {
    const splitter = options.splitter ?? this.format.splitter;
    if (
      data.length <= inlineLimit &&
      data.length <= neverCut(splitterParameters(splitter))
    ) {
      const id = await this.contents.write(
        data,
        options.prefix ?? '',
        this.compressorFor(options),
        options.signal,
      );
      options.onStored?.(data.length);
      return { id, length: data.length };
    }
    return this.writeChunks(async () => 0, { ...options, splitter }, data);
  }

  /** Stores all bytes of a source. @param expected - likely length: small sources are read in one piece */
  async write(
    source: ByteSource,
    options: WriteObjectOptions = {},
    expected = Infinity,
  ): Promise<WrittenObject> {
    const splitter = options.splitter ?? this.format.splitter;
    if (expected > inlineLimit)
      return this.writeChunks(
        source,
        { ...options, splitter },
        Buffer.alloc(0),
      );
    // One byte more than expected shows whether the source has grown.
    const buffer = Buffer.allocUnsafe(expected + 1);
    let have = 0;
    while (have < buffer.length) {
      const got = await source(buffer, have, buffer.length - have);
      if (got === 0) return this.writeBuffer(buffer.subarray(0, have), options);
      have += got;
    }
    return this.writeChunks(source, { ...options, splitter }, buffer);
  }

  /** What {@link ObjectWriter.storeFiles} takes at once. */
  get batchLimits(): BatchLimits {
    const parameters = splitterParameters(this.format.splitter);
    const bytes = Math.min(bytesPerBatch, parameters.maximum);
    return {
      largestFile: Math.min(
        inlineLimit,
        neverCut(parameters),
        bytes - ChunkPipeline.roomFor(0),
      ),
      files: filesPerBatch,
      bytes,
      threads: Math.max(1, this.workers),
    };
  }

  /** Reads and stores small files, within {@link ObjectWriter.batchLimits}. */
  async storeFiles(
    files: readonly FileToStore[],
    signal?: AbortSignal,
  ): Promise<StoredFile[]> {
    const pipeline = await this.pipeline(this.format.splitter);
    return pipeline.storeFiles(
      files.map(file => ({ ...file, compressor: this.compressorFor(file) })),
      signal,
    );
  }

  private compressorFor({ compressor }: { compressor?: Compressor }) {
    return this.format.indexVersion > 1 ? compressor : undefined;
  }

  private async writeChunks(
    source: ByteSource,
    options: WriteObjectOptions & { splitter: string },
    start: Buffer,
  ): Promise<WrittenObject> {
    const prefix = options.prefix ?? '';
    const compressor = this.compressorFor(options);
    const pipeline = await this.pipeline(options.splitter);
    const done: StoredChunk[] = [];
    const running: Promise<StoredChunk>[] = [];
    const settle = async () => {
      const chunk = await running[0];
      running.shift();
      done.push(chunk);
    };
    const started = (chunk: Promise<StoredChunk>) => {
      running.push(chunk);
      // Told as it happens: many chunks may wait until they are settled in order. Failures are met there.
      chunk.then(
        ({ length }) => options.onStored?.(length),
        () => undefined,
      );
    };
    options.onPartial?.(async () =>
      done.length > 0 ? this.join([...done], options) : undefined,
    );
    const limited: ByteSource = async (into, offset, length) => {
      while (running.length > ahead) await settle();
      return source(into, offset, length);
    };
    try {
      await pipeline.store(limited, {
        prefix,
        compressor,
        start,
        signal: options.signal,
        onChunk: started,
      });
      while (running.length > 0) await settle();
    } finally {
      await Promise.allSettled(running);
    }
    if (done.length === 0) {
      return {
        id: await this.contents.write(
          Buffer.alloc(0),
          prefix,
          undefined,
          options.signal,
        ),
        length: 0,
      };
    }
    return this.join(done, options);
  }

  /** One chunk is the object itself; more become a list of parts. */
  private async join(
    chunks: readonly StoredChunk[],
    options: WriteObjectOptions,
  ): Promise<WrittenObject> {
    if (chunks.length === 1)
      return { id: chunks[0].contentId, length: chunks[0].length };
    let start = 0;
    const entries = chunks.map(({ contentId, length }): IndirectEntry => {
      const entry = { start, length, object: contentId };
      start += length;
      return entry;
    });
    return this.writeIndirect(entries, options);
  }

  /** Stores a list of parts, split like any object. */
  async writeIndirect(
    entries: readonly IndirectEntry[],
    options: WriteObjectOptions,
  ): Promise<WrittenObject> {
    const last = entries[entries.length - 1];
    const list = await this.writeBuffer(formatIndirect(entries), {
      prefix: options.prefix || 'x',
      compressor: options.metadataCompressor ?? this.defaultMetadataCompressor,
      metadataCompressor: options.metadataCompressor,
      signal: options.signal,
    });
    return { id: `I${list.id}`, length: last.start + last.length };
  }

  /** The parts of an object that was just written; undefined when it is one content. */
  async readParts(id: string): Promise<readonly IndirectEntry[] | undefined> {
    return id.startsWith('I')
      ? (await openObject(this.contents, id)).parts
      : undefined;
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    for (const pipeline of this.pipelines.values())
      await (await pipeline).close();
    this.pipelines.clear();
  }
}
