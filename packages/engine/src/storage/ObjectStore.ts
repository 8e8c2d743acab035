import type { Readable } from 'node:stream';

/** @public */
export interface PutOptions {
  /** Bytes in the body, when known: avoids a multipart upload for streams. */
  contentLength?: number;
  signal?: AbortSignal;
}

/** @public */
export interface GetOptions {
  /** Bytes, both ends inclusive; `end` absent: to the end of the object. */
  range?: { start: number; end?: number };
  signal?: AbortSignal;
}

/** @public */
export interface StoredObject {
  key: string;
  size: number;
  lastModified: Date;
}

/**
 * The smallest useful interface of a bucket. Keys are full keys (with the
 * location's prefix), use `/`, and never hold `.` or `..` segments.
 * @public
 */
export interface ObjectStore {
  /** Writes the whole object or nothing: a failed or aborted put leaves no object of that key behind. */
  put(
    key: string,
    body: Readable | Buffer,
    options?: PutOptions,
  ): Promise<void>;
  /** @throws ObjectNotFoundError */
  get(key: string, options?: GetOptions): Promise<Readable>;
  stat(
    key: string,
    options?: { signal?: AbortSignal },
  ): Promise<{ size: number; lastModified: Date } | undefined>;
  /** All objects whose key starts with the prefix, in the order of their keys. */
  list(
    prefix: string,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<StoredObject>;
  /** The distinct next segments below the prefix (empty, or ending in `/`), each as a full prefix ending in `/`. */
  listDirectories(
    prefix: string,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<string>;
  /** Deletes what is there; keys that do not exist are no error. */
  delete(keys: string[], options?: { signal?: AbortSignal }): Promise<void>;
  /** @throws ObjectNotFoundError */
  copy(
    from: string,
    to: string,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /**
   * Removes what writes that never ended left below a prefix: half-written
   * files, parts of uploads. They are no objects, but take space. Returns how
   * many there were.
   */
  sweep?(prefix: string, options?: SweepOptions): Promise<number>;
}

/** @public */
export interface SweepOptions {
  /** Younger ones may be on their way; the store's own default is safe. */
  olderThanMs?: number;
  signal?: AbortSignal;
}

/** The object, or the bucket or folder it should be in, does not exist. @public */
export class ObjectNotFoundError extends Error {
  readonly key: string;
  constructor(key: string) {
    super(`Object ${key} does not exist in storage`);
    this.name = 'ObjectNotFoundError';
    this.key = key;
  }
}

/**
 * Storage could not be used, with a message that says what to check.
 * @public
 */
export class StorageError extends Error {
  readonly reason: StorageErrorReason;
  /** Whether the same request may succeed later without anybody doing anything. */
  readonly retryable: boolean;
  constructor(
    message: string,
    reason: StorageErrorReason,
    options: { cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'StorageError';
    this.reason = reason;
    this.retryable = options.retryable ?? false;
  }
}

/** @public */
export type StorageErrorReason =
  | 'configuration'
  | 'bucket-missing'
  | 'credentials'
  | 'access-denied'
  | 'unreachable'
  | 'tls'
  | 'region'
  | 'time-skew'
  | 'quota'
  | 'timeout'
  | 'integrity'
  | 'other';
