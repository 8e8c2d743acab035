import { randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import {
  access,
  copyFile,
  lstat,
  mkdir,
  open,
  opendir,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkKey, checkPrefix } from './objectKeys';
import {
  ObjectNotFoundError,
  StorageError,
  type GetOptions,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
  type SweepOptions,
} from './ObjectStore';

const partialPrefix = '.lifeboat-partial-';
const abandonedAfterMs = 3600 * 1000;

/**
 * A folder as object storage: each key a file below it. Writes go to a
 * temporary file that is renamed when complete, so a reader never sees half an
 * object.
 * @public
 */
export class FilesystemObjectStore implements ObjectStore {
  private readonly root: string;
  private readonly beforeWrite: () => void;

  /**
   * @param root - an existing folder; it is never created, since an empty mount point must not look like an empty bucket
   * @param options - `beforeWrite` throws when writes are not allowed any more
   */
  constructor(root: string, options: { beforeWrite?: () => void } = {}) {
    this.root = path.resolve(root);
    this.beforeWrite = options.beforeWrite ?? (() => undefined);
  }

  async put(
    key: string,
    body: Readable | Buffer,
    options: PutOptions = {},
  ): Promise<void> {
    const target = this.fileOf(key);
    options.signal?.throwIfAborted();
    const readable = Buffer.isBuffer(body) ? Readable.from([body]) : body;
    let partial: string | undefined;
    try {
      await this.checkRoot();
      this.beforeWrite();
      partial = await this.preparePartial(target);
      const output = createWriteStream(partial, { flags: 'wx', mode: 0o600 });
      await pipeline(readable, output, { signal: options.signal });
      const size = output.bytesWritten;
      if (
        options.contentLength !== undefined &&
        options.contentLength !== size
      ) {
        throw new StorageError(
          `Object ${key} has ${size} bytes instead of the ${options.contentLength} announced`,
          'integrity',
        );
      }
      await sync(partial);
      options.signal?.throwIfAborted();
      this.beforeWrite();
      await this.moveInto(partial, target);
      partial = undefined;
    } catch (error) {
      if (!readable.destroyed) readable.destroy();
      throw options.signal?.aborted ? options.signal.reason : explain(error);
    } finally {
      if (partial) await rm(partial, { force: true });
    }
  }

  async get(key: string, options: GetOptions = {}): Promise<Readable> {
    const file = this.fileOf(key);
    options.signal?.throwIfAborted();
    try {
      await this.checkRoot();
      const facts = await lstat(file);
      if (!facts.isFile()) throw new ObjectNotFoundError(key);
      const handle = await open(file, 'r');
      return createReadStream('', {
        fd: handle,
        ...(options.range
          ? {
              start: options.range.start,
              ...(options.range.end === undefined
                ? {}
                : { end: options.range.end }),
            }
          : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      if (isMissing(error)) throw new ObjectNotFoundError(key);
      throw explain(error);
    }
  }

  async stat(
    key: string,
  ): Promise<{ size: number; lastModified: Date } | undefined> {
    const file = this.fileOf(key);
    try {
      await this.checkRoot();
      const facts = await lstat(file);
      return facts.isFile()
        ? { size: facts.size, lastModified: facts.mtime }
        : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw explain(error);
    }
  }

  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncIterable<StoredObject> {
    checkPrefix(prefix);
    await this.checkRoot();
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.walk(directory, prefix, options.signal);
  }

  async *listDirectories(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    checkPrefix(prefix);
    await this.checkRoot();
    for (const entry of await this.entries(prefix)) {
      options.signal?.throwIfAborted();
      // As in a bucket, a directory exists by the objects in it.
      if (
        entry.directory &&
        (await this.hasObject(`${prefix}${entry.name}/`))
      ) {
        yield `${prefix}${entry.name}/`;
      }
    }
  }

  async delete(
    keys: string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const files = keys.map(key => this.fileOf(key));
    await this.checkRoot();
    for (const file of files) {
      options.signal?.throwIfAborted();
      this.beforeWrite();
      try {
        await rm(file, { force: true });
        await this.removeEmptyParents(file);
      } catch (error) {
        if (!isMissing(error)) throw explain(error);
      }
    }
  }

  async copy(
    from: string,
    to: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const source = this.fileOf(from);
    const target = this.fileOf(to);
    options.signal?.throwIfAborted();
    let partial: string | undefined;
    try {
      await this.checkRoot();
      this.beforeWrite();
      partial = await this.preparePartial(target);
      await copyFile(source, partial);
      await sync(partial);
      this.beforeWrite();
      await this.moveInto(partial, target);
      partial = undefined;
    } catch (error) {
      if (isMissing(error)) throw new ObjectNotFoundError(from);
      throw explain(error);
    } finally {
      if (partial) await rm(partial, { force: true });
    }
  }

  /** Half-written files that were not touched for an hour: their process was killed. */
  async sweep(prefix: string, options: SweepOptions = {}): Promise<number> {
    checkPrefix(prefix);
    await this.checkRoot();
    const age = options.olderThanMs ?? abandonedAfterMs;
    // A file system's clock may run ahead of ours: without an age, all go.
    const before = age > 0 ? Date.now() - age : Infinity;
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    try {
      return await this.sweepDirectory(
        path.join(this.root, ...directory.split('/')),
        before,
        options.signal,
      );
    } catch (error) {
      if (isMissing(error)) return 0;
      throw explain(error);
    }
  }

  private fileOf(key: string): string {
    checkKey(key);
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (name.startsWith(partialPrefix)) {
      throw new Error(`Object key ${key} is refused: its name is reserved`);
    }
    return path.join(this.root, ...key.split('/'));
  }

  private async checkRoot(): Promise<void> {
    let directory = false;
    try {
      directory = (await stat(this.root)).isDirectory();
    } catch (error) {
      if (!isMissing(error)) throw explain(error);
    }
    if (!directory) {
      throw new StorageError(
        `The folder ${this.root} does not exist where the engine runs: create it, mount it, or correct config.path of the storage location`,
        'bucket-missing',
      );
    }
  }

  private async preparePartial(target: string): Promise<string> {
    const directory = path.dirname(target);
    await this.makeDirectory(directory);
    return path.join(
      directory,
      `${partialPrefix}${randomBytes(8).toString('hex')}`,
    );
  }

  private async makeDirectory(directory: string): Promise<void> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      // That is what a read-only file system answers to folders in folders; this asks for the reason itself.
      if (isMissing(error)) await access(this.root, constants.W_OK);
      throw error;
    }
  }

  private async moveInto(partial: string, target: string): Promise<void> {
    await rename(partial, target);
    await sync(path.dirname(target));
  }

  private async removeEmptyParents(file: string): Promise<void> {
    for (
      let directory = path.dirname(file);
      directory.length > this.root.length;
      directory = path.dirname(directory)
    ) {
      try {
        await rmdir(directory);
      } catch {
        return;
      }
    }
  }

  private async sweepDirectory(
    directory: string,
    before: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let removed = 0;
    for await (const entry of await opendir(directory)) {
      signal?.throwIfAborted();
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        removed += await this.sweepDirectory(file, before, signal);
      } else if (entry.isFile() && entry.name.startsWith(partialPrefix)) {
        if ((await lstat(file)).mtimeMs > before) continue;
        this.beforeWrite();
        await rm(file, { force: true });
        await this.removeEmptyParents(file);
        removed++;
      }
    }
    return removed;
  }

  private async *walk(
    directory: string,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncIterable<StoredObject> {
    for (const entry of await this.entries(directory)) {
      signal?.throwIfAborted();
      const key = `${directory}${entry.name}`;
      if (entry.directory) {
        const inside = `${key}/`;
        if (inside.startsWith(prefix) || prefix.startsWith(inside)) {
          yield* this.walk(inside, prefix, signal);
        }
      } else if (key.startsWith(prefix)) {
        const facts = await this.stat(key);
        if (facts) yield { key, ...facts };
      }
    }
  }

  private async hasObject(directory: string): Promise<boolean> {
    for await (const object of this.walk(directory, directory, undefined)) {
      return object.key !== '';
    }
    return false;
  }

  /** What is in a directory, in the order that the full keys have. */
  private async entries(
    directory: string,
  ): Promise<{ name: string; directory: boolean }[]> {
    const found: { name: string; directory: boolean; order: Buffer }[] = [];
    try {
      const parent = path.join(this.root, ...directory.split('/'));
      for await (const entry of await opendir(parent)) {
        const isDirectory = entry.isDirectory();
        if (!isDirectory && !entry.isFile()) continue;
        if (entry.name.startsWith(partialPrefix)) continue;
        found.push({
          name: entry.name,
          directory: isDirectory,
          order: Buffer.from(isDirectory ? `${entry.name}/` : entry.name),
        });
      }
    } catch (error) {
      if (!isMissing(error)) throw explain(error);
    }
    return found.sort((a, b) => Buffer.compare(a.order, b.order));
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function explain(error: unknown): unknown {
  const { code, path: file } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StorageError(
        `The engine may not write or read ${
          file ?? 'the storage folder'
        } (${code}): check owner and mode of the folder`,
        'access-denied',
        { cause: error },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError(
        `The disk of the storage folder is full (${code})`,
        'quota',
        { cause: error, retryable: true },
      );
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
      return new StorageError(
        `The storage folder does not answer (${code}): check its disk or network mount`,
        'unreachable',
        { cause: error, retryable: true },
      );
    default:
      return error;
  }
}
