import { Clock } from '../clock';
import { KopiaError } from '../errors';
import {
  blobNotFound,
  BlobCallOptions,
  BlobMetadata,
  BlobRange,
  BlobStorage,
  checkBlobId,
  PutOptions,
  shortBlob,
} from './BlobStorage';

interface Held {
  data: Buffer;
  timestamp: number;
  lockedUntil: number;
}

/**
 * Blobs in memory, for tests and trials. Obeys object locks.
 *
 * @public
 */
export class MemoryStorage implements BlobStorage {
  readonly description = 'memory';
  readonly blobs = new Map<string, Held>();

  constructor(private readonly clock: Clock = Date.now) {}

  async get(
    id: string,
    range?: BlobRange,
    options?: BlobCallOptions,
  ): Promise<Buffer> {
    options?.signal?.throwIfAborted();
    const held = this.blobs.get(id);
    if (!held) throw blobNotFound(id);
    if (!range) return Buffer.from(held.data);
    const part = held.data.subarray(range.offset, range.offset + range.length);
    if (part.length !== range.length) throw shortBlob(id, range, part.length);
    return Buffer.from(part);
  }

  async put(
    id: string,
    data: Buffer | readonly Buffer[],
    options?: PutOptions,
  ): Promise<void> {
    options?.signal?.throwIfAborted();
    checkBlobId(id);
    const timestamp = this.clock();
    const lockedUntil = options?.retention
      ? timestamp + options.retention.periodMs
      : 0;
    this.blobs.set(id, {
      data: Buffer.isBuffer(data) ? Buffer.from(data) : Buffer.concat(data),
      timestamp,
      lockedUntil,
    });
  }

  async *list(
    prefix: string,
    options?: BlobCallOptions,
  ): AsyncIterable<BlobMetadata> {
    for (const [id, { data, timestamp }] of [...this.blobs]) {
      options?.signal?.throwIfAborted();
      if (id.startsWith(prefix)) yield { id, length: data.length, timestamp };
    }
  }

  async delete(id: string, options?: BlobCallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if ((this.blobs.get(id)?.lockedUntil ?? 0) > this.clock()) {
      throw new KopiaError(
        'storage',
        `Blob ${id} is locked and cannot be deleted yet`,
        { place: { blob: id } },
      );
    }
    this.blobs.delete(id);
  }

  async stat(id: string): Promise<BlobMetadata | undefined> {
    const held = this.blobs.get(id);
    return held && { id, length: held.data.length, timestamp: held.timestamp };
  }

  async extendRetention(
    id: string,
    retention: NonNullable<PutOptions['retention']>,
  ): Promise<void> {
    const held = this.blobs.get(id);
    if (!held) throw blobNotFound(id);
    held.lockedUntil = Math.max(
      held.lockedUntil,
      this.clock() + retention.periodMs,
    );
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
