import { ContentEntry } from './ContentEntry';
import { contentKey } from './contentId';
import { IndexRows } from './IndexRows';

/** Writes an index of version 2 from entries. */
export class IndexBuilder {
  private readonly rows = new IndexRows();
  private readonly packs = new Map<string, number>();

  /** Number of entries so far. */
  get size(): number {
    return this.rows.count;
  }

  /** Adds the next entry; entries must come in the order of their keys. */
  add(entry: ContentEntry, key: Buffer = contentKey(entry.id)): void {
    let pack = this.packs.get(entry.pack);
    if (pack === undefined) {
      pack = this.packs.size;
      this.packs.set(entry.pack, pack);
    }
    this.rows.add(key, 0, key.length, entry, pack);
  }

  /** The index. Throws when there is no entry: an empty index cannot be written. */
  build(): Buffer {
    const names = [...this.packs.keys()];
    return this.rows.build({
      size: names.length,
      nameOf: number => Buffer.from(names[number], 'latin1'),
    });
  }
}

/** The index of entries in any order. */
export function buildIndex(entries: Iterable<ContentEntry>): Buffer {
  // Names and keys have one order: no digit of a hash is behind a prefix letter.
  const sorted = Array.from(entries).sort((a, b) => (a.id < b.id ? -1 : 1));
  const builder = new IndexBuilder();
  for (const entry of sorted) builder.add(entry);
  return builder.build();
}

/** Shard of a content in a set of index blobs (Kopia: FNV-1a of the name). */
export function indexShardOf(id: string, shards: number): number {
  if (shards <= 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++)
    hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shards;
}
