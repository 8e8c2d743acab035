import { KopiaError } from '../errors';

/** One blob as a listing shows it. @public */
export interface BlobMetadata {
  readonly id: string;
  /** Bytes. */
  readonly length: number;
  /** The storage's own time of writing, milliseconds since 1970. Safety rules use it, never the local clock. */
  readonly timestamp: number;
}

/** A part of a blob. @public */
export interface BlobRange {
  /** First byte. */
  readonly offset: number;
  /** Bytes; the blob must have them all. */
  readonly length: number;
}

/** Options of a write. @public */
export interface PutOptions {
  /** Object lock: the blob must not be deletable for this long. Refused by storages that cannot promise it. */
  readonly retention?: {
    readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
    readonly periodMs: number;
  };
  readonly signal?: AbortSignal;
}

/** Options of everything else. @public */
export interface BlobCallOptions {
  readonly signal?: AbortSignal;
}

/**
 * A place for named byte strings: all that a repository needs of a folder or a bucket.
 *
 * Every method throws {@link KopiaError}: `blob-not-found`, `storage` (retryable or not), `read-only`, or the reason
 * of the signal. A blob appears whole or not at all, and reads see the last completed write.
 *
 * @public
 */
export interface BlobStorage {
  /** For messages: what and where, without secrets. */
  readonly description: string;
  /**
   * A whole blob or exactly a range of it. Short answers are errors. The buffer is the caller's: its memory is freed
   * when its bytes were used.
   */
  get(
    id: string,
    range?: BlobRange,
    options?: BlobCallOptions,
  ): Promise<Buffer>;
  /** Writes or replaces a blob; several buffers are stored one after the other. */
  put(
    id: string,
    data: Buffer | readonly Buffer[],
    options?: PutOptions,
  ): Promise<void>;
  /** Blobs whose names start with the prefix, in no special order. */
  list(prefix: string, options?: BlobCallOptions): AsyncIterable<BlobMetadata>;
  /** Deletes a blob; a missing one is success. */
  delete(id: string, options?: BlobCallOptions): Promise<void>;
  /** Undefined when there is no such blob. */
  stat(
    id: string,
    options?: BlobCallOptions,
  ): Promise<BlobMetadata | undefined>;
  /** Prolongs an object lock to now + period. Missing where the storage has no object lock. */
  extendRetention?(
    id: string,
    retention: NonNullable<PutOptions['retention']>,
    options?: BlobCallOptions,
  ): Promise<void>;
  close(): Promise<void>;
}

/** The error of a missing blob. */
export function blobNotFound(id: string, cause?: unknown): KopiaError {
  return new KopiaError('blob-not-found', `Blob ${id} does not exist`, {
    place: { blob: id },
    cause,
  });
}

/** The error of a range that a blob does not have: the blob is shorter than the index says. */
export function shortBlob(
  id: string,
  range: BlobRange,
  got: number,
): KopiaError {
  return new KopiaError(
    'corrupt',
    `Blob ${id} has only ${got} of the ${range.length} bytes at ${range.offset}`,
    { place: { blob: id } },
  );
}

/** Names come from listings and from indexes that others wrote: nothing in them may leave the storage's folder. */
export function checkBlobId(id: string): void {
  if (!/^[A-Za-z0-9_.-]+$/.test(id) || id.length > 512 || /^\.+$/.test(id)) {
    throw new KopiaError(
      'corrupt',
      `"${id.slice(0, 80)}" is not a name that a blob can have`,
    );
  }
}

/** Total bytes of a write. */
export function totalLength(data: Buffer | readonly Buffer[]): number {
  return Buffer.isBuffer(data)
    ? data.length
    : data.reduce((sum, part) => sum + part.length, 0);
}

/** All blobs of a prefix, as an array. */
export async function listAll(
  storage: BlobStorage,
  prefix: string,
  options?: BlobCallOptions,
): Promise<BlobMetadata[]> {
  const found: BlobMetadata[] = [];
  for await (const blob of storage.list(prefix, options)) found.push(blob);
  return found;
}
