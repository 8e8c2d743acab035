import { BlobStorage } from '../blob/BlobStorage';
import { Clock, RandomBytes } from '../clock';
import {
  compressionHeader,
  Compressor,
  decompressPayloadBeside,
} from '../compression/compressors';
import { encryptionOverhead } from '../encryption/ContentCipher';
import { corrupt, isKopiaError, KopiaError, placed } from '../errors';
import { formatReplica } from '../format/formatReplica';
import { RepositoryFormat } from '../format/RepositoryFormat';
import { freeBuffer } from '../garbage';
import { ContentEntry, nextTimestamp, replaces } from './ContentEntry';
import { contentHashBytes, contentIv, packPrefix } from './contentId';
import { RepositoryKeys, sealBlob } from './encryptedBlob';
import { buildIndex } from './IndexBuilder';
import { IndexSet } from './IndexSet';
import { PackBuffers, PackBuilder } from './PackBuilder';
import { PackReader } from './PackReader';
import { newSessionId, sessionBlob } from './sessions';

export interface ContentStoreOptions {
  readonly storage: BlobStorage;
  readonly keys: RepositoryKeys;
  readonly format: RepositoryFormat;
  /** Body of `kopia.repository`, for the replicas in packs of old repositories. */
  readonly formatBlob: Buffer;
  readonly indexes: IndexSet;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly user: { readonly username: string; readonly hostname: string };
  readonly writable: boolean;
  /** Called before anything is written; throws when writing must stop (upgrade lock). */
  readonly beforeWrite?: (signal?: AbortSignal) => Promise<void>;
  /** Packs on their way to storage at once; each holds its bytes in memory. Default 2. */
  readonly parallelUploads?: number;
}

/** What was written since the store was opened. */
export interface WriteCounts {
  contents: number;
  /** Contents that were there already. */
  deduplicated: number;
  packs: number;
  /** Bytes of packs and indexes handed to the storage. */
  uploadedBytes: number;
}

// A later look-up must find every content of this process, so their entries stay in memory until an index has them.
const entriesPerIndex = 100_000;
const largestContent = 2 ** 28;
const extraPackSpace = 9 * 1024 * 1024;

/**
 * Contents: byte strings named by their hash, deduplicated, compressed, encrypted and packed into blobs.
 */
export class ContentStore {
  readonly counts: WriteCounts = {
    contents: 0,
    deduplicated: 0,
    packs: 0,
    uploadedBytes: 0,
  };
  readonly packReader: PackReader;
  /** Entries that no index blob has yet, by content. */
  private readonly pending = new Map<string, ContentEntry>();
  /** Contents that are being encrypted elsewhere. */
  private readonly claimed = new Set<string>();
  private readonly open = new Map<'p' | 'q', PackBuilder>();
  private readonly uploading = new Map<string, PackBuilder>();
  private readonly uploads = new Set<Promise<void>>();
  private readonly buffers: PackBuffers;
  private unindexed: ContentEntry[] = [];
  private session: { id: string; marker: Promise<string> } | undefined;
  private markers: Promise<string>[] = [];
  private failure: unknown;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: ContentStoreOptions) {
    this.packReader = new PackReader(options.storage);
    this.buffers = new PackBuffers(options.format.maxPackSize + extraPackSpace);
  }

  get keys(): RepositoryKeys {
    return this.options.keys;
  }

  get indexes(): IndexSet {
    return this.options.indexes;
  }

  /** The entry that counts for a content, also when it is marked deleted. */
  find(id: string): ContentEntry | undefined {
    return this.pending.get(id) ?? this.options.indexes.find(id);
  }

  /** Whether writing this content again can be left out. */
  has(id: string): boolean {
    if (this.claimed.has(id)) return true;
    const entry = this.find(id);
    return entry !== undefined && !entry.deleted;
  }

  /** Names of all contents that hold manifests (prefix `m`), written ones included. */
  manifestContents(): Set<string> {
    const found = new Set<string>();
    for (const entry of this.options.indexes.entriesOfPrefix('m'))
      if (!entry.deleted) found.add(entry.id);
    for (const entry of this.pending.values()) {
      if (!entry.id.startsWith('m') || entry.id.length % 2 === 0) continue;
      if (entry.deleted) found.delete(entry.id);
      else found.add(entry.id);
    }
    return found;
  }

  /** All contents in the order of their keys, deleted ones included; what was not flushed is left out. */
  entries(): Generator<ContentEntry> {
    return this.options.indexes.entries();
  }

  /**
   * The bytes of a content, in memory of their own. Detects every changed byte.
   *
   * @param options - `rehash` also computes the hash again, as verification does
   */
  async read(
    id: string,
    options: { signal?: AbortSignal; rehash?: boolean } = {},
  ): Promise<Buffer> {
    const entry = this.find(id);
    if (!entry)
      throw new KopiaError('not-found', `Content ${id} does not exist`, {
        place: { content: id },
      });
    try {
      return await this.readEntry(entry, options);
    } catch (error) {
      // Another client may have moved the content and deleted its old pack.
      if (!isKopiaError(error, 'blob-not-found') || this.pending.has(id))
        throw placed(error, { content: id });
      await this.options.indexes.refresh(options.signal);
      this.packReader.clear();
      const moved = this.find(id);
      if (
        !moved ||
        (moved.pack === entry.pack && moved.offset === entry.offset)
      ) {
        throw corrupt(
          `Content ${id} is lost: its pack ${entry.pack} is missing`,
          { content: id, blob: entry.pack },
          error,
        );
      }
      return this.readEntry(moved, options);
    }
  }

  /** The bytes at an index entry. */
  async readEntry(
    entry: ContentEntry,
    options: { signal?: AbortSignal; rehash?: boolean } = {},
  ): Promise<Buffer> {
    const { id, pack, offset, packedLength, originalLength, compression } =
      entry;
    const place = { content: id, blob: pack };
    if (packedLength > largestContent || originalLength > largestContent) {
      throw new KopiaError(
        'limit-exceeded',
        `Content ${id} claims ${originalLength} bytes, more than a content can have`,
        { place },
      );
    }
    const building =
      this.uploading.get(pack) ??
      [...this.open.values()].find(open => open.id === pack);
    const sealed = building
      ? building.slice(offset, packedLength)
      : await this.packReader.read(pack, offset, packedLength, options.signal);
    let plain: Buffer;
    try {
      plain = this.keys.cipher.open(sealed, contentIv(id));
      if (!building && PackReader.givesAway(packedLength)) freeBuffer(sealed);
    } catch (cause) {
      throw corrupt(
        `Content ${id} in pack ${pack} is damaged: it does not decrypt`,
        place,
        cause,
      );
    }
    if (compression !== 0) {
      try {
        const payload = plain;
        plain = await decompressPayloadBeside(
          payload,
          originalLength,
          compression,
        );
        freeBuffer(payload);
      } catch (cause) {
        if (isKopiaError(cause)) throw placed(cause, place);
        throw corrupt(
          `Content ${id} in pack ${pack} is damaged: it does not decompress`,
          place,
          cause,
        );
      }
    }
    if (plain.length !== originalLength) {
      throw corrupt(
        `Content ${id} has ${plain.length} bytes instead of ${originalLength}`,
        place,
      );
    }
    if (
      options.rehash &&
      !this.keys.hash.digest(plain).equals(contentHashBytes(id))
    ) {
      throw corrupt(`Content ${id} in pack ${pack} has another hash`, place);
    }
    return plain;
  }

  /**
   * Stores a content unless it is there already.
   *
   * @param prefix - letter of the content's kind, or the empty text
   * @returns the content's name
   */
  async write(
    data: Buffer,
    prefix: string,
    compressor?: Compressor,
    signal?: AbortSignal,
  ): Promise<string> {
    const hash = this.keys.hash.digest(data);
    const id = prefix + hash.toString('hex');
    if (!this.claim(id)) return id;
    try {
      await this.store(id, data, compressor, signal);
    } finally {
      this.claimed.delete(id);
    }
    return id;
  }

  private async store(
    id: string,
    data: Buffer,
    compressor: Compressor | undefined,
    signal?: AbortSignal,
  ) {
    let payload = data;
    let head: Buffer | undefined;
    if (compressor?.compress && this.options.format.indexVersion > 1) {
      const compressed = compressor.compress(data);
      if (compressed.length + 4 < data.length) {
        payload = compressed;
        head = compressionHeader(compressor.headerId);
      }
    }
    const space = payload.length + 4 + encryptionOverhead;
    const iv = contentIv(id);
    await this.append(
      id,
      data.length,
      head ? compressor!.headerId : 0,
      space,
      (buffer, at) => this.keys.cipher.sealInto(buffer, at, payload, iv, head),
      signal,
    );
  }

  /**
   * Announces that the caller will store this content with {@link ContentStore.appendSealed}.
   *
   * @returns false when it need not
   */
  claim(id: string): boolean {
    this.rethrow();
    if (this.has(id)) {
      this.counts.deduplicated += 1;
      return false;
    }
    this.claimed.add(id);
    return true;
  }

  /** Stores a claimed content that was encrypted elsewhere; `sealed` is free for other use afterwards. */
  async appendSealed(
    id: string,
    sealed: Buffer,
    originalLength: number,
    compression: number,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      await this.append(
        id,
        originalLength,
        compression,
        sealed.length,
        (buffer, at) => sealed.copy(buffer, at),
        signal,
      );
    } finally {
      this.claimed.delete(id);
    }
  }

  /** Takes back a claim after a failure. */
  unclaim(id: string): void {
    this.claimed.delete(id);
  }

  private async append(
    id: string,
    originalLength: number,
    compression: number,
    space: number,
    write: (buffer: Buffer, at: number) => number,
    signal?: AbortSignal,
  ) {
    const { clock, format } = this.options;
    const kind = packPrefix(id);
    let pack = this.open.get(kind);
    // While this waits for room, others can fill the new pack already.
    while (!pack) {
      await this.openPack(kind, signal);
      pack = this.open.get(kind);
    }
    const previous = this.pending.get(id) ?? this.options.indexes.findAny(id);
    const entry = pack.append(
      {
        id,
        timestamp: nextTimestamp(clock(), previous),
        deleted: false,
        originalLength,
        compression,
        formatVersion: format.version,
      },
      space,
      write,
    );
    this.pending.set(id, entry);
    this.counts.contents += 1;
    if (pack.length >= format.maxPackSize) {
      this.upload(kind);
      if (this.pending.size >= entriesPerIndex) await this.flush(signal);
    }
  }

  private async openPack(kind: 'p' | 'q', signal?: AbortSignal) {
    const { random, format, formatBlob, parallelUploads = 2 } = this.options;
    this.requireWritable();
    while (this.uploads.size >= parallelUploads) {
      await Promise.race(this.uploads);
      this.rethrow();
    }
    signal?.throwIfAborted();
    if (this.open.has(kind)) return;
    this.session ??= this.startSession(signal);
    const head = format.enablePasswordChange
      ? Buffer.alloc(0)
      : formatReplica(formatBlob);
    const id = `${kind}${random(16).toString('hex')}-${this.session.id}`;
    this.open.set(kind, new PackBuilder(id, this.buffers, random, head));
  }

  private startSession(signal?: AbortSignal) {
    const { storage, clock, random, user, beforeWrite } = this.options;
    const id = newSessionId(clock, random);
    const write = async () => {
      await beforeWrite?.(signal);
      const marker = sessionBlob(this.keys, id, user, clock());
      await storage.put(marker.id, marker.data, { signal });
      return marker.id;
    };
    const marker = write();
    marker.catch(error => this.fail(error));
    this.markers.push(marker);
    return { id, marker };
  }

  private upload(kind: 'p' | 'q') {
    const pack = this.open.get(kind);
    if (!pack) return;
    this.open.delete(kind);
    this.uploading.set(pack.id, pack);
    const marker = this.session?.marker;
    const run = async () => {
      const data = pack.finish(this.keys);
      // Clean-up by others spares packs of sessions with a marker: it must be there first.
      await marker;
      await this.options.beforeWrite?.();
      await this.options.storage.put(pack.id, data);
      this.counts.packs += 1;
      this.counts.uploadedBytes += data.reduce(
        (sum, part) => sum + part.length,
        0,
      );
      this.unindexed.push(...pack.entries);
    };
    const running = run()
      .catch(error => this.fail(error))
      .finally(() => {
        this.uploads.delete(running);
        this.uploading.delete(pack.id);
        pack.release();
      });
    this.uploads.add(running);
  }

  /** After a pack was lost the store must not go on: contents that it promised are missing. */
  private fail(error: unknown) {
    this.failure ??= error;
  }

  private rethrow() {
    if (this.failure) throw this.failure;
  }

  private requireWritable() {
    if (!this.options.writable)
      throw new KopiaError('read-only', 'The repository was opened read-only');
    if (!this.options.format.epochs.Enabled) {
      throw new KopiaError(
        'unsupported',
        'Repositories without epoch manager (format version 1) can only be read; upgrade this one with "kopia repository upgrade"',
      );
    }
  }

  /** Marks a content deleted; a missing one is success. */
  delete(id: string): void {
    this.requireWritable();
    const current = this.find(id);
    if (!current || current.deleted) return;
    const tombstone = {
      ...current,
      deleted: true,
      timestamp: nextTimestamp(this.options.clock(), current),
    };
    this.pending.set(id, tombstone);
    this.unindexed.push(tombstone);
  }

  /** Flushes when so much is unflushed that memory would grow. */
  async flushIfLarge(signal?: AbortSignal): Promise<void> {
    if (this.pending.size >= entriesPerIndex) await this.flush(signal);
  }

  /** Stores the content of an entry once more, in a new pack; a deleted one stays deleted unless `undelete` is set. */
  async rewrite(
    entry: ContentEntry,
    options: { undelete?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    const { id } = entry;
    const { indexVersion } = this.options.format;
    const data = await this.readEntry(entry, {
      signal: options.signal,
      rehash: true,
    });
    const compressor =
      entry.compression && indexVersion > 1
        ? { headerId: entry.compression }
        : undefined;
    if (compressor) {
      // Keep the stored form: the same compressed bytes under a new nonce.
      const sealed = await this.packReader.read(
        entry.pack,
        entry.offset,
        entry.packedLength,
        options.signal,
      );
      const payload = this.keys.cipher.open(sealed, contentIv(id));
      await this.append(
        id,
        entry.originalLength,
        entry.compression,
        payload.length + encryptionOverhead,
        (buffer, at) =>
          this.keys.cipher.sealInto(buffer, at, payload, contentIv(id)),
        options.signal,
      );
    } else await this.store(id, data, undefined, options.signal);
    if (entry.deleted && !options.undelete) this.delete(id);
  }

  /**
   * Makes everything written so far visible: packs, then one index blob, then the session markers go
   * (Kopia: order of an ordinary writer).
   */
  async flush(signal?: AbortSignal): Promise<void> {
    const before = this.flushing;
    const run = async () => {
      await before.catch(() => undefined);
      await this.flushNow(signal);
    };
    this.flushing = run();
    return this.flushing;
  }

  private async flushNow(signal?: AbortSignal) {
    this.rethrow();
    this.upload('p');
    this.upload('q');
    const markers = this.markers;
    const sessionId = this.session?.id;
    this.session = undefined;
    this.markers = [];
    await Promise.all(this.uploads);
    this.rethrow();
    signal?.throwIfAborted();
    const entries = this.unindexed;
    if (entries.length > 0) {
      this.unindexed = [];
      // A content that was written and deleted between two flushes has two entries; the later one counts.
      const latest = new Map<string, ContentEntry>();
      for (const entry of entries) {
        const other = latest.get(entry.id);
        if (!other || replaces(entry, other)) latest.set(entry.id, entry);
      }
      const id =
        sessionId ?? newSessionId(this.options.clock, this.options.random);
      try {
        await this.writeIndex(buildIndex(latest.values()), id, signal);
      } catch (error) {
        this.unindexed = [...entries, ...this.unindexed];
        this.markers = [...markers, ...this.markers];
        throw error;
      }
      for (const entry of entries) {
        if (this.pending.get(entry.id) === entry) this.pending.delete(entry.id);
      }
    }
    for (const marker of markers)
      await this.options.storage.delete(await marker, { signal });
  }

  /** Writes an index blob into the current epoch (Kopia: WriteIndex). */
  private async writeIndex(
    plain: Buffer,
    sessionId: string,
    signal?: AbortSignal,
  ) {
    const { storage, indexes, clock, format, beforeWrite } = this.options;
    const refreshMs = format.epochs.EpochRefreshFrequency / 1e6;
    await beforeWrite?.(signal);
    let listing = indexes.listing;
    if (clock() - listing.listedAt > refreshMs / 4)
      listing = await indexes.list(signal);
    const { writeEpoch } = listing.state;
    const blob = sealBlob(
      this.keys,
      `xn${writeEpoch}_`,
      plain,
      `${sessionId}-c1`,
    );
    await storage.put(blob.id, blob.data, { signal });
    const after = await indexes.list(signal);
    if (after.state.writeEpoch >= writeEpoch + 2) {
      // The epoch may have been compacted without this blob.
      await storage.delete(blob.id);
      throw new KopiaError(
        'storage',
        'Writing the index took so long that its epoch was closed; the upload must be repeated',
        {
          retryable: true,
        },
      );
    }
    this.counts.uploadedBytes += blob.data.length;
    indexes.add(blob.id, plain);
  }

  /** Waits for uploads and gives up what was not flushed. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.uploads);
    this.open.forEach(pack => pack.release());
    this.open.clear();
  }
}
