import { constants } from 'node:fs';
import {
  access,
  FileHandle,
  mkdir,
  open,
  opendir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RandomBytes } from '../clock';
import { randomBytes } from 'node:crypto';
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
import {
  formatSharding,
  newSharding,
  oldSharding,
  parseSharding,
  Sharding,
  shardedPath,
} from './sharding';
import { writeFully } from '../writeFully';

const shardsFile = '.shards';
const suffix = '.f';
const openPacks = 32;

const codeOf = (error: unknown) =>
  (error as NodeJS.ErrnoException | undefined)?.code;
const isMissing = (error: unknown) =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

/** Turns an operating system's error into one that says what to do about it. */
function storageError(error: unknown, action: string, id: string): KopiaError {
  if (error instanceof KopiaError) return error;
  const code = codeOf(error);
  const options = { cause: error, place: { blob: id } };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KopiaError(
      'storage',
      `${action} ${id} failed: the disk is full (${code})`,
      options,
    );
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new KopiaError(
      'read-only',
      `${action} ${id} failed: no permission (${code})`,
      options,
    );
  }
  const retryable =
    code === 'EMFILE' ||
    code === 'ENFILE' ||
    code === 'EIO' ||
    code === 'ESTALE' ||
    code === 'EAGAIN';
  return new KopiaError(
    'storage',
    `${action} ${id} failed: ${(error as Error).message}`,
    { ...options, retryable },
  );
}

/**
 * A repository in a local folder, with Kopia's names and sub-folders. Writes are atomic: a temporary file, synced, then
 * renamed.
 *
 * @public
 */
export class FolderStorage implements BlobStorage {
  readonly description: string;
  private readonly handles = new Map<string, Promise<FileHandle>>();
  private readonly madeFolders = new Set<string>();
  private closed = false;

  private constructor(
    readonly path: string,
    private readonly sharding: Sharding,
    private readonly random: RandomBytes,
  ) {
    this.description = `folder ${path}`;
  }

  /**
   * Opens a folder; its `.shards` file decides where blobs lie.
   *
   * @param options - `create` makes the folder and `.shards` if missing
   *
   * @example
   * ```ts
   * const storage = await FolderStorage.open('/backups/shop', { create: true });
   * ```
   */
  static async open(
    path: string,
    options: {
      create?: boolean;
      sharding?: Sharding;
      random?: RandomBytes;
    } = {},
  ): Promise<FolderStorage> {
    const random = options.random ?? randomBytes;
    if (options.create) await mkdir(path, { recursive: true, mode: 0o700 });
    let sharding: Sharding;
    try {
      sharding = parseSharding(await readFile(join(path, shardsFile), 'utf8'));
    } catch (error) {
      if (!isMissing(error)) throw error;
      const folder = await stat(path).catch(() => undefined);
      if (!folder?.isDirectory()) {
        throw new KopiaError(
          'storage',
          `${path} ${folder ? 'is not a folder' : 'does not exist'}`,
          { cause: error },
        );
      }
      sharding = options.create ? options.sharding ?? newSharding : oldSharding;
      if (options.create)
        await writeAtomically(
          join(path, shardsFile),
          [Buffer.from(formatSharding(sharding))],
          random,
        );
    }
    return new FolderStorage(path, sharding, random);
  }

  private fileOf(id: string): string {
    checkBlobId(id);
    return join(this.path, ...shardedPath(id, this.sharding));
  }

  async get(
    id: string,
    range?: BlobRange,
    options?: BlobCallOptions,
  ): Promise<Buffer> {
    options?.signal?.throwIfAborted();
    const file = this.fileOf(id);
    let own: FileHandle | undefined;
    try {
      if (!range) return await readFile(file, { signal: options?.signal });
      // What reads on after the end must not leave files open.
      if (this.closed) own = await open(file, constants.O_RDONLY);
      const handle = own ?? (await this.handleOf(file));
      const out = Buffer.allocUnsafe(range.length);
      let got = 0;
      while (got < range.length) {
        const { bytesRead } = await handle.read(
          out,
          got,
          range.length - got,
          range.offset + got,
        );
        if (bytesRead === 0) throw shortBlob(id, range, got);
        got += bytesRead;
      }
      return out;
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (isMissing(error)) throw blobNotFound(id, error);
      // Another reader pushed this handle out of the cache and closed it.
      if (range && codeOf(error) === 'EBADF')
        return this.get(id, range, options);
      throw storageError(error, 'Reading', id);
    } finally {
      await own?.close();
    }
  }

  /** Packs are read in many small pieces: the last few files stay open. */
  private handleOf(file: string): Promise<FileHandle> {
    const known = this.handles.get(file);
    if (known) {
      this.handles.delete(file);
      this.handles.set(file, known);
      return known;
    }
    const opened = open(file, constants.O_RDONLY);
    this.handles.set(file, opened);
    opened.catch(() => this.forget(file));
    if (this.handles.size > openPacks)
      this.forget(this.handles.keys().next().value!);
    return opened;
  }

  private forget(file: string): Promise<void> {
    const handle = this.handles.get(file);
    this.handles.delete(file);
    return handle
      ? handle.then(opened => opened.close()).catch(() => undefined)
      : Promise.resolve();
  }

  async put(
    id: string,
    data: Buffer | readonly Buffer[],
    options?: PutOptions,
  ): Promise<void> {
    options?.signal?.throwIfAborted();
    if (options?.retention) {
      throw new KopiaError(
        'unsupported',
        'A folder cannot lock blobs against deletion; object lock needs S3',
      );
    }
    const file = this.fileOf(id);
    try {
      const folder = dirname(file);
      if (!this.madeFolders.has(folder)) {
        await this.makeFolder(folder);
        this.madeFolders.add(folder);
      }
      await writeAtomically(
        file,
        Buffer.isBuffer(data) ? [data] : data,
        this.random,
        options?.signal,
      );
      this.forget(file);
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw storageError(error, 'Writing', id);
    }
  }

  private async makeFolder(folder: string): Promise<void> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      // That is what a read-only file system answers to folders in folders; this asks for the reason itself.
      if (isMissing(error)) await access(this.path, constants.W_OK);
      throw error;
    }
  }

  async *list(
    prefix: string,
    options?: BlobCallOptions,
  ): AsyncIterable<BlobMetadata> {
    yield* this.listFolder(this.path, '', prefix, options?.signal);
  }

  private async *listFolder(
    folder: string,
    name: string,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncIterable<BlobMetadata> {
    let entries;
    try {
      entries = await opendir(folder, { bufferSize: 256 });
    } catch (error) {
      if (isMissing(error)) return;
      throw storageError(error, 'Listing', prefix);
    }
    for await (const entry of entries) {
      signal?.throwIfAborted();
      const full = name + entry.name;
      if (entry.isDirectory()) {
        if (full.startsWith(prefix) || prefix.startsWith(full)) {
          yield* this.listFolder(
            join(folder, entry.name),
            full,
            prefix,
            signal,
          );
        }
      } else if (entry.name.endsWith(suffix) && full.startsWith(prefix)) {
        const found = await stat(join(folder, entry.name)).catch(
          () => undefined,
        );
        const id = full.slice(0, -suffix.length);
        if (found && id.startsWith(prefix))
          yield { id, length: found.size, timestamp: found.mtimeMs };
      }
    }
  }

  async delete(id: string, options?: BlobCallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const file = this.fileOf(id);
    this.forget(file);
    await rm(file).catch(error => {
      if (!isMissing(error)) throw storageError(error, 'Deleting', id);
    });
  }

  async stat(id: string): Promise<BlobMetadata | undefined> {
    try {
      const found = await stat(this.fileOf(id));
      return { id, length: found.size, timestamp: found.mtimeMs };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storageError(error, 'Looking at', id);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.handles.keys()].map(file => this.forget(file)));
  }
}

async function writeAtomically(
  file: string,
  data: readonly Buffer[],
  random: RandomBytes,
  signal?: AbortSignal,
) {
  const temporary = `${file}.tmp.${random(8).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      for (const part of data)
        await writeFully(handle, part, undefined, signal);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
