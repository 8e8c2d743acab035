import { gunzipSync, gzipSync } from 'node:zlib';
import { Clock, RandomBytes } from '../clock';
import { compressorToWrite } from '../compression/compressors';
import { ContentStore } from '../content/ContentStore';
import { corrupt, isKopiaError, KopiaError } from '../errors';
import { formatTimestamp, parseTimestamp } from '../time/timestamps';
import { parseExactJson } from './exactJson';

/** A labelled JSON document. */
export interface Manifest<T = unknown> {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339 with nanoseconds. */
  readonly modified: string;
  readonly data: T;
}

interface StoredEntry {
  readonly id: string;
  readonly labels: Record<string, string> | null;
  readonly modified: string;
  readonly deleted?: boolean;
  readonly data?: unknown;
}

interface Known {
  readonly entry: StoredEntry;
  readonly modified: bigint;
}

const largestManifestContent = 512 * 1024 * 1024;
const compactFrom = 16;
const attempts = 5;

/** Whether all given labels are equal; extra labels are allowed. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/**
 * The manifests of a repository: snapshots, policies, maintenance parameters and whatever else carries labels.
 */
export class ManifestStore {
  private readonly committed = new Map<string, Known>();
  private readonly pending = new Map<string, Known>();
  private readonly loaded = new Set<string>();
  private lastTime = 0n;

  constructor(
    private readonly contents: ContentStore,
    private readonly clock: Clock,
    private readonly random: RandomBytes,
  ) {}

  /** Reads manifests that others wrote since. Contents that were compacted away meanwhile make it start again. */
  async refresh(signal?: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.load(signal);
        return;
      } catch (error) {
        const vanished =
          isKopiaError(error) &&
          ['not-found', 'blob-not-found'].includes(error.code);
        if (!vanished || attempt + 1 >= attempts) throw error;
        await this.contents.indexes.refresh(signal);
      }
    }
  }

  private async load(signal?: AbortSignal) {
    const live = [...this.contentIds()];
    // A compaction drops deleted entries: only a fresh start shows what is gone.
    if ([...this.loaded].some(id => !live.includes(id))) {
      this.loaded.clear();
      this.committed.clear();
    }
    for (const id of live) {
      if (this.loaded.has(id)) continue;
      const stored = parseStored(await this.contents.read(id, { signal }), id);
      for (const entry of stored) keep(this.committed, entry);
      this.loaded.add(id);
    }
  }

  /** Names of the contents that hold manifests. */
  private *contentIds(): Generator<string> {
    for (const id of this.contents.manifestContents()) yield id;
  }

  private *live(): Generator<StoredEntry> {
    for (const [id, known] of this.committed) {
      const newer = this.pending.get(id);
      const { entry } =
        newer && newer.modified >= known.modified ? newer : known;
      if (!entry.deleted) yield entry;
    }
    for (const [id, { entry }] of this.pending)
      if (!this.committed.has(id) && !entry.deleted) yield entry;
  }

  /** Manifests that have all given labels, oldest first. */
  find<T = unknown>(labels: Readonly<Record<string, string>>): Manifest<T>[] {
    const found: { manifest: Manifest<T>; modified: bigint }[] = [];
    for (const entry of this.live()) {
      if (!entry.labels || !hasLabels(entry.labels, labels)) continue;
      found.push({
        manifest: toManifest<T>(entry),
        modified: parseTimestamp(entry.modified),
      });
    }
    found.sort((a, b) =>
      a.modified < b.modified ? -1 : Number(a.modified > b.modified),
    );
    return found.map(({ manifest }) => manifest);
  }

  /** A manifest by its ID. */
  get<T = unknown>(id: string): Manifest<T> | undefined {
    for (const entry of this.live())
      if (entry.id === id && entry.labels) return toManifest<T>(entry);
    return undefined;
  }

  /** Adds a manifest; it is stored with the next {@link ManifestStore.flush}. @returns its ID */
  put(labels: Readonly<Record<string, string>>, data: unknown): string {
    if (!labels.type)
      throw new KopiaError(
        'invalid-argument',
        'A manifest needs the label "type"',
      );
    const id = this.random(16).toString('hex');
    keep(this.pending, {
      id,
      labels: { ...labels },
      modified: this.now(),
      data,
    });
    return id;
  }

  /** Deletes a manifest; a missing one is success. */
  delete(id: string): void {
    keep(this.pending, {
      id,
      labels: null,
      modified: this.now(),
      deleted: true,
      data: null,
    });
  }

  /** Replaces all manifests of exactly these labels by one. @returns its ID */
  replace(labels: Readonly<Record<string, string>>, data: unknown): string {
    for (const { id } of this.find(labels)) this.delete(id);
    return this.put(labels, data);
  }

  /** Times must grow: of two entries of one ID the later counts. */
  private now(): string {
    const time = BigInt(Math.trunc(this.clock())) * 1_000_000n;
    this.lastTime = time > this.lastTime ? time : this.lastTime + 1n;
    return formatTimestamp(this.lastTime);
  }

  /** Stores pending manifests as a content; the caller flushes the contents afterwards. */
  async flush(signal?: AbortSignal): Promise<void> {
    if (this.pending.size === 0) return;
    const entries = [...this.pending.values()].map(({ entry }) => entry);
    const before = [...this.contentIds()];
    const compact = before.length + 1 >= compactFrom;
    if (compact) {
      // Without everybody's latest entries, compacting would lose them.
      await this.refresh(signal);
      const all = [...this.live()];
      await this.store(all, signal);
      for (const id of this.contentIds())
        if (before.includes(id)) this.contents.delete(id);
    } else await this.store(entries, signal);
    for (const entry of entries) keep(this.committed, entry);
    this.pending.clear();
  }

  private async store(entries: readonly StoredEntry[], signal?: AbortSignal) {
    const json = `${JSON.stringify({ entries })}\n`;
    const id = await this.contents.write(
      gzipSync(json),
      'm',
      compressorToWrite('zstd-fastest'),
      signal,
    );
    this.loaded.add(id);
  }
}

function keep(entries: Map<string, Known>, entry: StoredEntry) {
  const modified = parseTimestamp(entry.modified);
  const known = entries.get(entry.id);
  if (!known || modified >= known.modified)
    entries.set(entry.id, { entry, modified });
}

function toManifest<T>({
  id,
  labels,
  modified,
  data,
}: StoredEntry): Manifest<T> {
  return { id, labels: labels ?? {}, modified, data: data as T };
}

function parseStored(data: Buffer, content: string): StoredEntry[] {
  try {
    const text = gunzipSync(data, {
      maxOutputLength: largestManifestContent,
    }).toString('utf8');
    const { entries } = parseExactJson(text) as {
      entries: StoredEntry[] | null;
    };
    for (const { id, modified } of entries ?? []) {
      if (typeof id !== 'string' || typeof modified !== 'string')
        throw new Error('an entry has no id or time');
    }
    return entries ?? [];
  } catch (cause) {
    throw corrupt(
      `Content ${content} does not hold manifests`,
      { content },
      cause,
    );
  }
}
