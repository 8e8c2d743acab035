import { createHash } from 'crypto';
import { FileHandle, open } from 'fs/promises';
import { PassThrough, Readable, Transform } from 'stream';
import { pipeline } from 'stream/promises';
import { createGunzip } from 'zlib';
import { extract, Header } from 'tar-stream';
import { ItemLocation, parseItemPath } from '../../backup/itemPath';
import { parseJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { ContentsError } from './ContentsError';

/** Bounds against tarballs that would fill disk or memory. */
export interface ContentsLimits {
  /** Unpacked bytes of all entries. */
  totalBytes: number;
  /** Unpacked bytes of one object. */
  itemBytes: number;
  /** Number of entries: each object is in a tarball twice. */
  entries: number;
  /** Bytes that may belong to an entry's name and attributes, before its content begins. */
  headerBytes: number;
  /** Unpacked to packed bytes, looked at beyond 64 MiB unpacked. */
  ratio: number;
}

/** Generous for real clusters (an object is at most 1.5 MiB in etcd), small for a bomb. */
export const defaultContentsLimits: ContentsLimits = {
  totalBytes: 16 * 1024 ** 3,
  itemBytes: 16 * 1024 ** 2,
  entries: 2_000_000,
  headerBytes: 8 * 1024 ** 2,
  ratio: 400,
};

/** One object in the contents; its bytes are on disk. */
export interface ContentsItem extends ItemLocation {
  offset: number;
  size: number;
}

const ratioLookedAtFrom = 64 * 1024 ** 2;

class Unpacker {
  readonly items: ContentsItem[] = [];
  hasResources = false;
  sha256 = '';
  private offset = 0;
  private entries = 0;
  private packed = 0;
  private unpacked = 0;
  /** How much was unpacked when an entry or a part of one last came out. */
  private passedOn = 0;
  private readonly names = new Map<string, string>();

  constructor(
    readonly file: FileHandle,
    private readonly limits: ContentsLimits,
  ) {}

  async run(source: Readable, signal?: AbortSignal): Promise<void> {
    const hash = createHash('sha256');
    const countPacked = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        this.packed += chunk.length;
        done(null, chunk);
      },
    });
    const countUnpacked = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.unpacked += chunk.length;
        done(this.sizeProblem(), chunk);
      },
    });
    const tar = extract();
    // A tarball whose last entry is cut off ends without an error in tar-stream: the bytes tell.
    const unpackedStream = new PassThrough();
    const reading = this.readEntries(tar as unknown as TarEntries);
    const feeding = pipeline(
      source,
      countPacked,
      createGunzip(),
      countUnpacked,
      unpackedStream,
      tar as unknown as NodeJS.WritableStream,
      { signal },
    );
    const [fed, read] = await Promise.allSettled([feeding, reading]);
    signal?.throwIfAborted();
    const failure = [read, fed].find(
      (result): result is PromiseRejectedResult => result.status === 'rejected',
    );
    const named = [read, fed].find(
      (result): result is PromiseRejectedResult =>
        result.status === 'rejected' && result.reason instanceof ContentsError,
    );
    if (named || failure) {
      throw explain((named ?? failure)!.reason);
    }
    this.sha256 = hash.digest('hex');
  }

  private async readEntries(tar: TarEntries): Promise<void> {
    for await (const entry of tar) {
      const { name, type, size = 0 } = entry.header;
      this.passedOn = this.unpacked;
      this.entries += 1;
      if (this.entries > this.limits.entries) {
        throw new ContentsError(
          'too-large',
          `the backup's tarball has more than ${this.limits.entries} entries`,
        );
      }
      const segments = name.split('/');
      if (segments.includes('..') || name.startsWith('/')) {
        throw new ContentsError(
          'unsafe-path',
          `the backup's tarball has an entry that leads out of it: ${JSON.stringify(
            name.slice(0, 200),
          )}`,
        );
      }
      this.hasResources ||= segments[0] === 'resources';
      const location =
        type === 'file' || type === 'contiguous-file'
          ? parseItemPath(name.replace(/^\.\//, ''))
          : undefined;
      if (!location) {
        for await (const _ of entry) {
          this.passedOn = this.unpacked;
        }
        continue;
      }
      if (size > this.limits.itemBytes) {
        throw new ContentsError(
          'too-large',
          `the backup's tarball has an object of ${size} bytes, more than ${this.limits.itemBytes}: ${name}`,
        );
      }
      await this.keep(entry, location);
    }
  }

  private async keep(entry: TarEntry, location: ItemLocation): Promise<void> {
    const start = this.offset;
    for await (const chunk of entry) {
      this.passedOn = this.unpacked;
      await this.file.write(chunk, 0, chunk.length, this.offset);
      this.offset += chunk.length;
    }
    this.items.push({
      groupResource: this.once(location.groupResource),
      ...(location.namespace && { namespace: this.once(location.namespace) }),
      name: location.name,
      offset: start,
      size: this.offset - start,
    });
  }

  /** The same text for equal texts: parts of paths would keep each whole path in memory. */
  private once(text: string): string {
    const known = this.names.get(text);
    if (known === undefined) {
      this.names.set(text, text);
    }
    return known ?? text;
  }

  private sizeProblem(): ContentsError | null {
    if (this.unpacked > this.limits.totalBytes) {
      return new ContentsError(
        'too-large',
        `the backup's tarball unpacks to more than ${this.limits.totalBytes} bytes`,
      );
    }
    if (
      this.unpacked > ratioLookedAtFrom &&
      this.unpacked > this.packed * this.limits.ratio
    ) {
      return new ContentsError(
        'too-large',
        `the backup's tarball unpacks to more than ${this.limits.ratio} times its size: it looks like a decompression bomb`,
      );
    }
    if (this.unpacked - this.passedOn > this.limits.headerBytes) {
      return new ContentsError(
        'too-large',
        `the backup's tarball has more than ${this.limits.headerBytes} bytes in a row that belong to no object: it looks like a decompression bomb`,
      );
    }
    return null;
  }
}

/**
 * The objects of a backup, unpacked into one private file, with an index in memory. No entry's name is ever used as a file name.
 * Copies by version are skipped, as Velero's default reader does.
 */
export class BackupContents {
  /** SHA-256 of the packed bytes, hexadecimal. */
  readonly sha256: string;
  private readonly byType: Map<string, ContentsItem[]>;
  private readonly byKey = new Map<string, ContentsItem>();

  private constructor(
    private readonly file: FileHandle,
    items: ContentsItem[],
    sha256: string,
    /** Whether the tarball has a `resources` folder at all. */
    readonly hasResources: boolean,
  ) {
    this.sha256 = sha256;
    this.byType = new Map();
    for (const item of items) {
      this.byKey.set(keyOf(item), item);
    }
    // A repeated entry replaces the earlier one, as unpacking would do.
    for (const item of this.byKey.values()) {
      const list = this.byType.get(item.groupResource) ?? [];
      list.push(item);
      this.byType.set(item.groupResource, list);
    }
    for (const list of this.byType.values()) {
      list.sort(
        (left, right) =>
          compare(left.namespace ?? '', right.namespace ?? '') ||
          compare(left.name, right.name),
      );
    }
  }

  /**
   * Unpacks a gzipped tarball.
   *
   * @param path - of a file in the run's private spool folder
   * @throws ContentsError if it is truncated, corrupt, unsafe or too large
   */
  static async unpack(
    source: Readable,
    path: string,
    options: { limits?: ContentsLimits; signal?: AbortSignal } = {},
  ): Promise<BackupContents> {
    const unpacker = new Unpacker(
      await open(path, 'w+', 0o600),
      options.limits ?? defaultContentsLimits,
    );
    try {
      await unpacker.run(source, options.signal);
    } catch (error) {
      await unpacker.file.close();
      throw error;
    }
    return new BackupContents(
      unpacker.file,
      unpacker.items,
      unpacker.sha256,
      unpacker.hasResources,
    );
  }

  /** Types in the backup: `pods`, `deployments.apps`. */
  types(): string[] {
    return [...this.byType.keys()];
  }

  /** Objects of a type, by namespace and name. */
  itemsOf(groupResource: string): readonly ContentsItem[] {
    return this.byType.get(groupResource) ?? [];
  }

  /** Number of objects. */
  get size(): number {
    return this.byKey.size;
  }

  find(location: ItemLocation): ContentsItem | undefined {
    return this.byKey.get(keyOf(location));
  }

  /** Namespaces that objects are in, or whose Namespace object is in the backup. */
  namespaces(): string[] {
    const names = new Set<string>();
    for (const item of this.byKey.values()) {
      if (item.namespace) {
        names.add(item.namespace);
      } else if (item.groupResource === 'namespaces') {
        names.add(item.name);
      }
    }
    return [...names].sort();
  }

  /** @throws Error if the object is not JSON or no Kubernetes object; it quotes nothing of it, since it may be a Secret */
  async read(item: ContentsItem): Promise<KubernetesObject> {
    const buffer = Buffer.alloc(item.size);
    await this.file.read(buffer, 0, item.size, item.offset);
    let object: KubernetesObject;
    try {
      object = parseJson<KubernetesObject>(buffer.toString('utf8'));
    } catch {
      throw new Error('it is not valid JSON');
    }
    if (
      typeof object !== 'object' ||
      object === null ||
      typeof object.metadata !== 'object' ||
      object.metadata === null
    ) {
      throw new Error('not a Kubernetes object');
    }
    return object;
  }

  /** Closes the file; the spool folder removes it. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

interface TarEntry extends AsyncIterable<Buffer> {
  header: Header;
  resume(): void;
}

type TarEntries = AsyncIterable<TarEntry>;

function explain(error: unknown): Error {
  if (error instanceof ContentsError) {
    return error;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR' || /unexpected end/i.test(message ?? '')) {
    return new ContentsError(
      'truncated',
      "the backup's tarball is truncated: its end is missing in storage",
    );
  }
  if (code?.startsWith('Z_') || /tar|header|checksum/i.test(message ?? '')) {
    return new ContentsError(
      'corrupt',
      `the backup's tarball is corrupt: ${message}`,
    );
  }
  return error as Error;
}

function keyOf(location: ItemLocation): string {
  return `${location.groupResource}/${location.namespace ?? ''}/${
    location.name
  }`;
}

function compare(left: string, right: string): number {
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
}
