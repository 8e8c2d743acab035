import { createGunzip, gzipSync } from 'node:zlib';
import type { Readable } from 'node:stream';
import { storageKeys, type Backup } from '@lifeboat/velero-api';
import { parseJson, stringifyJson } from '../cluster/json';
import type {
  BackupFile,
  BackupStore,
  LogText,
  ReadOptions,
  RestoreFile,
  StorageKeys,
} from './BackupStore';
import {
  ObjectNotFoundError,
  StorageError,
  type ObjectStore,
} from './ObjectStore';
import { runMarkerKey } from './runMarkerKey';

const maxMetadataBytes = 16 * 1024 * 1024;
const maxJsonBytes = 128 * 1024 * 1024;
const maxLogBytes = 4 * 1024 * 1024;
// A log is read through to find its end; a bomb is not.
const maxLogScanBytes = 1024 * 1024 * 1024;

interface SignalOption {
  signal?: AbortSignal;
}

/**
 * The layout of Velero in an object store.
 * @public
 */
export class ObjectBackupStore implements BackupStore {
  readonly locationName: string;
  readonly readOnly: boolean;
  readonly keys: StorageKeys;
  readonly objects: ObjectStore;

  constructor(
    objects: ObjectStore,
    location: { name: string; prefix?: string; readOnly?: boolean },
  ) {
    this.objects = objects;
    this.locationName = location.name;
    this.readOnly = location.readOnly ?? false;
    this.keys = storageKeys(location.prefix);
  }

  async invalidTopLevelDirectories(
    options: SignalOption = {},
  ): Promise<string[]> {
    const allowed = new Set(this.keys.topLevelDirectories);
    const invalid: string[] = [];
    for await (const directory of this.objects.listDirectories(
      this.keys.prefix,
      options,
    )) {
      if (!allowed.has(directory)) {
        invalid.push(directory.slice(this.keys.prefix.length, -1));
      }
    }
    return invalid;
  }

  async listBackups(options: SignalOption = {}): Promise<string[]> {
    return this.namesBelow(this.keys.backupsDirectory, options);
  }

  async exists(backup: string, options: SignalOption = {}): Promise<boolean> {
    const key = this.keys.backup(checkName(backup)).metadata;
    return (await this.objects.stat(key, options)) !== undefined;
  }

  async getMetadata(
    backup: string,
    options: ReadOptions = {},
  ): Promise<Backup | undefined> {
    const key = this.keys.backup(checkName(backup)).metadata;
    const value = await this.readJson<Backup>(key, {
      maxBytes: maxMetadataBytes,
      ...options,
    });
    if (value === undefined) return undefined;
    if (
      value?.kind !== 'Backup' ||
      typeof value.metadata !== 'object' ||
      value.metadata?.name !== backup
    ) {
      throw damaged(`${key} does not hold the Backup ${backup}`);
    }
    return value;
  }

  async putMetadata(
    backup: string,
    object: Backup,
    options: SignalOption = {},
  ): Promise<void> {
    await this.writeJson(
      this.keys.backup(checkName(backup)).metadata,
      object,
      options,
    );
  }

  async readContents(
    backup: string,
    options: SignalOption = {},
  ): Promise<Readable> {
    return this.objects.get(
      this.keys.backup(checkName(backup)).contents,
      options,
    );
  }

  async putContents(
    backup: string,
    body: Readable,
    options: SignalOption = {},
  ): Promise<void> {
    await this.write(
      this.keys.backup(checkName(backup)).contents,
      body,
      options,
    );
  }

  async getBackupJson<T>(
    backup: string,
    file: BackupFile,
    options: ReadOptions = {},
  ): Promise<T | undefined> {
    return this.readJson<T>(this.keys.backup(checkName(backup))[file], options);
  }

  async putBackupJson(
    backup: string,
    file: BackupFile,
    value: unknown,
    options: SignalOption = {},
  ): Promise<void> {
    const key = this.keys.backup(checkName(backup))[file];
    await this.writeJson(key, value, options);
  }

  async putBackupFile(
    backup: string,
    file: BackupFile,
    body: Readable | Buffer,
    options: SignalOption = {},
  ): Promise<void> {
    await this.write(this.keys.backup(checkName(backup))[file], body, options);
  }

  async readBackupLog(
    backup: string,
    options: ReadOptions = {},
  ): Promise<LogText | undefined> {
    return this.readLog(this.keys.backup(checkName(backup)).logs, options);
  }

  async deleteBackup(
    backup: string,
    options: SignalOption = {},
  ): Promise<void> {
    this.refuseReadOnly();
    const keys = this.keys.backup(checkName(backup));
    const marker = runMarkerKey(this.keys, backup);
    await this.objects.delete([keys.metadata], options);
    await this.deleteBelow(keys.directory, options, marker);
    await this.objects.delete([marker], options);
    await this.sweepUnfinished(keys.directory, options);
  }

  async listRestores(options: SignalOption = {}): Promise<string[]> {
    return this.namesBelow(this.keys.restoresDirectory, options);
  }

  async getRestoreJson<T>(
    restore: string,
    file: RestoreFile,
    options: ReadOptions = {},
  ): Promise<T | undefined> {
    const key = this.keys.restore(checkName(restore))[file];
    return this.readJson<T>(key, options);
  }

  async putRestoreJson(
    restore: string,
    file: RestoreFile,
    value: unknown,
    options: SignalOption = {},
  ): Promise<void> {
    const key = this.keys.restore(checkName(restore))[file];
    await this.writeJson(key, value, options);
  }

  async putRestoreFile(
    restore: string,
    file: RestoreFile,
    body: Readable | Buffer,
    options: SignalOption = {},
  ): Promise<void> {
    const key = this.keys.restore(checkName(restore))[file];
    await this.write(key, body, options);
  }

  async readRestoreLog(
    restore: string,
    options: ReadOptions = {},
  ): Promise<LogText | undefined> {
    return this.readLog(this.keys.restore(checkName(restore)).logs, options);
  }

  async deleteRestore(
    restore: string,
    options: SignalOption = {},
  ): Promise<void> {
    this.refuseReadOnly();
    const { directory } = this.keys.restore(checkName(restore));
    await this.deleteBelow(directory, options);
    await this.sweepUnfinished(directory, options);
  }

  async sweepRestore(
    restore: string,
    options: SignalOption = {},
  ): Promise<void> {
    this.refuseReadOnly();
    await this.sweepUnfinished(
      this.keys.restore(checkName(restore)).directory,
      options,
    );
  }

  private async namesBelow(
    directory: string,
    options: SignalOption,
  ): Promise<string[]> {
    const names: string[] = [];
    for await (const found of this.objects.listDirectories(
      directory,
      options,
    )) {
      const name = found.slice(directory.length, -1);
      // What others put there under impossible names is none of our business.
      if (isName(name)) names.push(name);
    }
    return names;
  }

  /**
   * Removes writes that never ended, whatever their age: nobody writes below a
   * directory that is given up. Keys that may not list uploads leave them to
   * the bucket's own rules.
   */
  private async sweepUnfinished(
    directory: string,
    options: SignalOption,
  ): Promise<void> {
    try {
      await this.objects.sweep?.(directory, { ...options, olderThanMs: 0 });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
    }
  }

  private async deleteBelow(
    directory: string,
    options: SignalOption,
    spared?: string,
  ): Promise<void> {
    let batch: string[] = [];
    for await (const { key } of this.objects.list(directory, options)) {
      if (key === spared) continue;
      batch.push(key);
      if (batch.length === 1000) {
        await this.objects.delete(batch, options);
        batch = [];
      }
    }
    if (batch.length > 0) await this.objects.delete(batch, options);
  }

  private async readJson<T>(
    key: string,
    options: ReadOptions,
  ): Promise<T | undefined> {
    const bytes = await this.read(key, options);
    if (bytes === undefined) return undefined;
    try {
      return parseJson<T>(bytes.toString('utf8'));
    } catch (error) {
      throw damaged(`${key} is not JSON`, error);
    }
  }

  private async read(
    key: string,
    options: ReadOptions,
  ): Promise<Buffer | undefined> {
    const maxBytes = options.maxBytes ?? maxJsonBytes;
    const body = await this.open(key, options.signal);
    if (!body) return undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of decoded(key, body)) {
        size += chunk.length;
        if (size > maxBytes) {
          throw damaged(`${key} holds more than ${maxBytes} bytes`);
        }
        chunks.push(chunk);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      throw isZlibError(error)
        ? damaged(`${key} is damaged: ${(error as Error).message}`, error)
        : error;
    } finally {
      body.destroy();
    }
    return Buffer.concat(chunks);
  }

  private async readLog(
    key: string,
    options: ReadOptions,
  ): Promise<LogText | undefined> {
    const maxBytes = options.maxBytes ?? maxLogBytes;
    const body = await this.open(key, options.signal);
    if (!body) return undefined;
    let kept: Buffer[] = [];
    let size = 0;
    let scanned = 0;
    let complete = true;
    try {
      for await (const chunk of decoded(key, body)) {
        kept.push(chunk);
        size += chunk.length;
        scanned += chunk.length;
        if (size > maxBytes * 2) {
          const end = Buffer.concat(kept).subarray(-maxBytes);
          kept = [Buffer.from(end)];
          size = end.length;
          complete = false;
        }
        if (scanned > maxLogScanBytes) {
          complete = false;
          break;
        }
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      // An engine that died leaves a cut-off gzip: what is there still helps.
      if (scanned === 0 || !isTruncation(error)) {
        throw isZlibError(error)
          ? damaged(`${key} is damaged: ${(error as Error).message}`, error)
          : error;
      }
      complete = false;
    } finally {
      body.destroy();
    }
    let bytes = Buffer.concat(kept);
    if (bytes.length > maxBytes) {
      complete = false;
      bytes = bytes.subarray(-maxBytes);
    }
    if (!complete && scanned > bytes.length) {
      // Begin with a whole line.
      const lineEnd = bytes.indexOf(0x0a);
      if (lineEnd >= 0) bytes = bytes.subarray(lineEnd + 1);
    }
    return { text: bytes.toString('utf8'), complete };
  }

  private async open(
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Readable | undefined> {
    try {
      return await this.objects.get(key, signal ? { signal } : {});
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
  }

  private async writeJson(
    key: string,
    value: unknown,
    options: SignalOption,
  ): Promise<void> {
    const text = Buffer.from(`${stringifyJson(value ?? null)}\n`);
    await this.write(key, key.endsWith('.gz') ? gzipSync(text) : text, options);
  }

  private async write(
    key: string,
    body: Readable | Buffer,
    options: SignalOption,
  ): Promise<void> {
    this.refuseReadOnly();
    await this.objects.put(key, body, options);
  }

  private refuseReadOnly(): void {
    if (this.readOnly) {
      throw new Error(
        `Storage location ${this.locationName} is read-only (spec.accessMode)`,
      );
    }
  }
}

async function* decoded(key: string, body: Readable): AsyncIterable<Buffer> {
  if (!key.endsWith('.gz')) {
    yield* body as AsyncIterable<Buffer>;
    return;
  }
  const gunzip = createGunzip();
  body.on('error', error => gunzip.destroy(error));
  body.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

/** What lies in storage is not what belongs there: trying again does not help. */
function damaged(message: string, cause?: unknown): StorageError {
  return new StorageError(message, 'integrity', { cause });
}

function isZlibError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && code.startsWith('Z_');
}

function isTruncation(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
}

function isName(name: string): boolean {
  return (
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && !name.includes('..')
  );
}

function checkName(name: string): string {
  if (!isName(name)) {
    throw new Error(`"${name}" cannot be the name of a backup or restore`);
  }
  return name;
}
