import { setTimeout as sleep } from 'node:timers/promises';
import { BlobMetadata, BlobStorage, listAll } from '../blob/BlobStorage';
import { Clock } from '../clock';
import { corrupt, isKopiaError, KopiaError, placed } from '../errors';
import { ContentEntry, replaces } from './ContentEntry';
import { contentKey } from './contentId';
import {
  blobIv,
  encryptionOverhead,
  openBlob,
  RepositoryKeys,
} from './encryptedBlob';
import { GarbageCount } from '../garbage';
import { compactedBlobs, EpochState, epochState, epochsToList } from './epochs';
import { bytesInMemory, createUnnamedFile } from './IndexBytes';
import { IndexRow } from './IndexCursor';
import { IndexReader } from './IndexReader';
import { activeLegacyIndexes } from './legacyIndexes';
import { mergeEntries, mergeRows } from './mergeIndexes';

/** How much index data may lie in memory; the rest goes to files without names. */
const defaultMemoryLimit = 48 * 1024 * 1024;
const downloadPiece = 4 * 1024 * 1024;
const attempts = 10;

/** What a listing found. */
export interface IndexListing {
  readonly state: EpochState;
  /** When the listing began, milliseconds since 1970. */
  readonly listedAt: number;
  readonly uncompacted: ReadonlyMap<number, readonly BlobMetadata[]>;
}

export interface IndexSetOptions {
  readonly storage: BlobStorage;
  readonly keys: RepositoryKeys;
  /** Whether the repository has an epoch manager; otherwise the index blobs of version 1 are read. */
  readonly epochs: boolean;
  readonly clock: Clock;
  readonly memoryLimit?: number;
  readonly temporaryFolder?: string;
}

/**
 * All index blobs that count at a moment, merged at look-up. Small ones are in memory, large ones on disk.
 */
export class IndexSet {
  private readonly readers = new Map<string, IndexReader>();
  private active: IndexReader[] = [];
  private inMemory = 0;
  private current: IndexListing | undefined;

  constructor(private readonly options: IndexSetOptions) {}

  /** The last listing. Throws before the first {@link IndexSet.refresh}. */
  get listing(): IndexListing {
    if (!this.current)
      throw new KopiaError(
        'invalid-argument',
        'The indexes are not loaded yet',
      );
    return this.current;
  }

  /** Names of the blobs that count. */
  get blobIds(): string[] {
    return [...this.readers.keys()];
  }

  /** Entries of all index blobs together, with duplicates. */
  get entryCount(): number {
    return this.active.reduce((sum, { count }) => sum + count, 0);
  }

  /** Lists the state of the epochs and their uncompacted blobs. */
  async list(signal?: AbortSignal): Promise<IndexListing> {
    const { storage, clock } = this.options;
    const listedAt = clock();
    const [markers, watermarks, singles, ranges] = await Promise.all(
      ['xe', 'xw', 'xs', 'xr'].map(prefix =>
        listAll(storage, prefix, { signal }),
      ),
    );
    const state = epochState({ markers, watermarks, singles, ranges });
    const uncompacted = new Map<number, readonly BlobMetadata[]>();
    await Promise.all(
      epochsToList(state).map(async epoch => {
        uncompacted.set(
          epoch,
          await listAll(storage, `xn${epoch}_`, { signal }),
        );
      }),
    );
    return { state, listedAt, uncompacted };
  }

  /** Loads what is new and forgets what no longer counts. Blobs that vanish meanwhile make it start again. */
  async refresh(signal?: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.load(signal);
        return;
      } catch (error) {
        if (!isKopiaError(error, 'blob-not-found') || attempt + 1 >= attempts)
          throw error;
        await sleep(100 * 2 ** attempt, undefined, { signal });
      }
    }
  }

  private async load(signal?: AbortSignal) {
    const { storage, keys, epochs, clock } = this.options;
    let listing: IndexListing;
    let wanted: BlobMetadata[];
    if (epochs) {
      listing = await this.list(signal);
      wanted = [
        ...compactedBlobs(listing.state),
        ...[...listing.uncompacted.values()].flat(),
      ];
    } else {
      const listedAt = clock();
      wanted = await activeLegacyIndexes(storage, keys, signal);
      const state: EpochState = {
        writeEpoch: 0,
        watermark: 0,
        singles: new Map(),
        ranges: [],
      };
      listing = { state, listedAt, uncompacted: new Map() };
    }
    for (const blob of wanted) {
      if (!this.readers.has(blob.id))
        this.readers.set(blob.id, await this.open(blob, signal));
    }
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, reader] of this.readers) {
      if (ids.has(id)) continue;
      this.readers.delete(id);
      this.release(reader);
    }
    this.active = [...this.readers.values()];
    this.current = listing;
  }

  private async open(
    { id, length }: BlobMetadata,
    signal?: AbortSignal,
  ): Promise<IndexReader> {
    const { storage, keys } = this.options;
    const limit = this.options.memoryLimit ?? defaultMemoryLimit;
    try {
      if (this.inMemory + length <= limit) {
        const plain = openBlob(
          keys,
          id,
          await storage.get(id, undefined, { signal }),
        );
        const reader = new IndexReader(
          bytesInMemory(plain),
          encryptionOverhead,
        );
        this.inMemory += plain.length;
        return reader;
      }
      return await this.openOnDisk(id, length, signal);
    } catch (error) {
      throw placed(error, { blob: id });
    }
  }

  /** Decrypts piece by piece into a file; nothing is trusted before the tag was checked. */
  private async openOnDisk(
    id: string,
    length: number,
    signal?: AbortSignal,
  ): Promise<IndexReader> {
    const { storage, keys } = this.options;
    if (length < encryptionOverhead) throw corrupt(`Blob ${id} is too short`);
    const file = createUnnamedFile(this.options.temporaryFolder);
    const garbage = new GarbageCount();
    try {
      const opener = keys.cipher.opener(
        await storage.get(id, { offset: 0, length: 12 }, { signal }),
        blobIv(id),
      );
      const end = length - 16;
      for (let offset = 12; offset < end; offset += downloadPiece) {
        const range = { offset, length: Math.min(downloadPiece, end - offset) };
        file.append(opener.update(await storage.get(id, range, { signal })));
        garbage.add(2 * range.length);
      }
      const tag = await storage.get(
        id,
        { offset: end, length: 16 },
        { signal },
      );
      try {
        opener.finish(tag);
      } catch (cause) {
        throw corrupt(
          `Blob ${id} is damaged: it does not decrypt`,
          { blob: id },
          cause,
        );
      }
      return new IndexReader(file, encryptionOverhead, false);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Adds an index that this process has just written, without fetching it. */
  add(id: string, plain: Buffer): void {
    const limit = this.options.memoryLimit ?? defaultMemoryLimit;
    let reader: IndexReader;
    if (this.inMemory + plain.length <= limit) {
      reader = new IndexReader(bytesInMemory(plain), encryptionOverhead);
      this.inMemory += plain.length;
    } else {
      const file = createUnnamedFile(this.options.temporaryFolder);
      file.append(plain);
      reader = new IndexReader(file, encryptionOverhead, false);
    }
    this.readers.set(id, reader);
    this.active = [...this.readers.values()];
  }

  /** The winning entry of a content, deleted or not; undefined if there is none or it fell below the watermark. */
  find(id: string): ContentEntry | undefined {
    const found = this.findAny(id);
    return found && this.exists(found) ? found : undefined;
  }

  /** Like {@link IndexSet.find}, but also entries that the watermark hides: new entries must be later than those. */
  findAny(id: string): ContentEntry | undefined {
    const key = contentKey(id);
    let best: ContentEntry | undefined;
    for (const reader of this.active) {
      const entry = reader.find(key);
      if (entry && (!best || replaces(entry, best))) best = entry;
    }
    return best;
  }

  private exists(entry: ContentEntry): boolean {
    return !entry.deleted || entry.timestamp > this.listing.state.watermark;
  }

  /**
   * All contents in the order of their keys, one entry each, including deleted ones that the watermark does not hide.
   *
   * @param options - `hidden` includes also those
   */
  *entries(options: { hidden?: boolean } = {}): Generator<ContentEntry> {
    for (const entry of mergeEntries(this.active)) {
      if (options.hidden || this.exists(entry)) yield entry;
    }
  }

  /**
   * What {@link IndexSet.entries} gives, as rows: for walks over millions of contents that look at few fields of each.
   * The row that is given is one object that the next step changes.
   */
  *rows(): Generator<IndexRow> {
    const { watermark } = this.listing.state;
    for (const row of mergeRows(this.active)) {
      const { reader, block, at } = row;
      if (
        !reader.deletedAt(block, at) ||
        reader.timestampAt(block, at) > watermark
      )
        yield row;
    }
  }

  /** Like {@link IndexSet.entries}, only contents of one prefix letter. */
  *entriesOfPrefix(prefix: string): Generator<ContentEntry> {
    for (const entry of mergeEntries(this.active, prefix.charCodeAt(0)))
      if (this.exists(entry)) yield entry;
  }

  /** Where files without names are made; undefined for the system's folder. */
  get temporaryFolder(): string | undefined {
    return this.options.temporaryFolder;
  }

  /** Index readers of given blobs, which must be loaded. */
  async readersOf(
    blobs: readonly BlobMetadata[],
    signal?: AbortSignal,
  ): Promise<{ readers: IndexReader[]; close(): void }> {
    const opened: IndexReader[] = [];
    const readers: IndexReader[] = [];
    for (const blob of blobs) {
      const known = this.readers.get(blob.id);
      if (known) readers.push(known);
      else {
        const reader = await this.open(blob, signal);
        opened.push(reader);
        readers.push(reader);
      }
    }
    return {
      readers,
      close: () => opened.forEach(reader => this.release(reader)),
    };
  }

  private release(reader: IndexReader) {
    if (reader.inMemory) this.inMemory -= reader.length;
    reader.close();
  }

  close(): void {
    for (const reader of this.readers.values()) reader.close();
    this.readers.clear();
    this.active = [];
  }
}
