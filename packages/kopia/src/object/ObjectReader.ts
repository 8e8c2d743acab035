import { decompressPayload } from '../compression/compressors';
import { ContentStore } from '../content/ContentStore';
import { corrupt, isKopiaError, KopiaError, placed } from '../errors';
import { IndirectEntry, parseIndirect } from './indirectObject';
import { parseObjectId } from './objectId';

// What an object-level compressed chunk of an old repository can hold: twice the largest average of its splitters.
const largestChunk = 64 * 1024 * 1024;
const largestList = 512 * 1024 * 1024;
// More of it would not be faster: V8 collects its whole heap each time that 64 MiB more have come together, and a part
// that is under way lies in memory up to three times: encrypted, compressed and plain.
const largestAhead = 8 * 1024 * 1024;

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Computes the hash of every content again. */
  readonly rehash?: boolean;
  /** Parts of a large object that are fetched before they are wanted, up to 8 MiB of them; default 0. */
  readonly ahead?: number;
}

/**
 * A stored object: a byte string of any length, read from any position.
 *
 * @example
 * ```ts
 * const object = await openObject(contents, entry.obj);
 * for await (const data of object.stream(1_000_000, 4096)) process.stdout.write(data);
 * ```
 */
export class ObjectReader {
  constructor(
    private readonly contents: ContentStore,
    readonly id: string,
    readonly length: number,
    private readonly entries: readonly IndirectEntry[] | undefined,
    private readonly single: string | undefined,
  ) {}

  /** The parts of a large object; undefined when it is one content. */
  get parts(): readonly IndirectEntry[] | undefined {
    return this.entries;
  }

  /** Bytes from `offset` on, content by content; nothing behind the end. */
  async *stream(
    offset = 0,
    length = Infinity,
    options: ReadOptions = {},
  ): AsyncGenerator<Buffer> {
    const end = Math.min(this.length, offset + length);
    if (offset >= end && !(this.length === 0 && offset === 0)) return;
    if (!this.entries) {
      const data = await readSingle(this.contents, this.single!, options);
      if (end > offset) yield data.subarray(offset, end);
      return;
    }
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry.start + entry.length <= offset) low = middle + 1;
      else high = middle;
    }
    const ahead: Promise<ObjectReader | Buffer>[] = [];
    let bytesAhead = 0;
    let next = low;
    const start = () => {
      const entry = this.entries![next];
      next += 1;
      bytesAhead += entry.length;
      const fetched = this.fetchPart(entry, options);
      // It is awaited later; a failure until then must not count as unhandled.
      fetched.catch(() => undefined);
      ahead.push(fetched);
    };
    for (
      let i = low;
      i < this.entries.length && this.entries[i].start < end;
      i++
    ) {
      const entry = this.entries[i];
      if (next === i) start();
      bytesAhead -= entry.length;
      while (
        next <= i + (options.ahead ?? 0) &&
        next < this.entries.length &&
        this.entries[next].start < end &&
        bytesAhead + this.entries[next].length <= largestAhead
      )
        start();
      const part = await ahead.shift()!;
      if (part.length !== entry.length) {
        throw corrupt(
          `Part ${entry.object} of object ${this.id} has ${part.length} bytes instead of ${entry.length}`,
          {
            object: this.id,
          },
        );
      }
      const from = Math.max(0, offset - entry.start);
      const to = Math.min(entry.length, end - entry.start);
      if (Buffer.isBuffer(part)) yield part.subarray(from, to);
      else yield* part.stream(from, to - from, options);
    }
  }

  /** A part's bytes, or, if it has parts itself, its reader. */
  private async fetchPart(
    entry: IndirectEntry,
    options: ReadOptions,
  ): Promise<ObjectReader | Buffer> {
    if (entry.object.startsWith('I'))
      return openObject(this.contents, entry.object, options, entry.length);
    return readSingle(this.contents, entry.object, options);
  }

  /** All bytes together; throws `limit-exceeded` above `limit`. */
  async readAll(limit: number, options: ReadOptions = {}): Promise<Buffer> {
    if (this.length > limit) {
      throw new KopiaError(
        'limit-exceeded',
        `Object ${this.id} has ${this.length} bytes, more than ${limit}`,
        {
          place: { object: this.id },
        },
      );
    }
    const parts: Buffer[] = [];
    for await (const part of this.stream(0, Infinity, options))
      parts.push(part);
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}

async function readSingle(
  contents: ContentStore,
  objectId: string,
  options: ReadOptions,
): Promise<Buffer> {
  const { compressed, contentId } = parseObjectId(objectId);
  try {
    const data = await contents.read(contentId, options);
    return compressed ? decompressPayload(data, largestChunk) : data;
  } catch (error) {
    if (isKopiaError(error)) throw placed(error, { object: objectId });
    throw corrupt(
      `Object ${objectId} is damaged: it does not decompress`,
      { object: objectId, content: contentId },
      error,
    );
  }
}

/**
 * Opens an object by its name.
 *
 * @param knownLength - length that a list of parts promises, saves reading compressed parts for it
 */
export async function openObject(
  contents: ContentStore,
  id: string,
  options: ReadOptions = {},
  knownLength?: number,
): Promise<ObjectReader> {
  const { indirection, compressed, contentId } = parseObjectId(id);
  if (indirection > 0) {
    const list = await openObject(contents, id.slice(1), options);
    const entries = parseIndirect(await list.readAll(largestList, options), id);
    const last = entries[entries.length - 1];
    return new ObjectReader(
      contents,
      id,
      last ? last.start + last.length : 0,
      entries,
      undefined,
    );
  }
  if (compressed) {
    const length =
      knownLength ?? (await readSingle(contents, id, options)).length;
    return new ObjectReader(contents, id, length, undefined, id);
  }
  const entry = contents.find(contentId);
  if (!entry) {
    throw new KopiaError('not-found', `Content ${contentId} does not exist`, {
      place: { content: contentId, object: id },
    });
  }
  return new ObjectReader(contents, id, entry.originalLength, undefined, id);
}

/** Names of all contents that an object is made of, lists of parts included; large objects yield as they are read. */
export async function* objectContents(
  contents: ContentStore,
  id: string,
  options: ReadOptions = {},
): AsyncGenerator<string> {
  const { indirection, contentId } = parseObjectId(id);
  if (indirection === 0) {
    yield contentId;
    return;
  }
  yield* objectContents(contents, id.slice(1), options);
  const { parts } = await openObject(contents, id, options);
  for (const part of parts ?? [])
    yield* objectContents(contents, part.object, options);
}
