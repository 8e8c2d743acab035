import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname, userInfo } from 'node:os';
import { BlobStorage, listAll } from './blob/BlobStorage';
import { readOnly } from './blob/readOnly';
import { withRetention } from './blob/withRetention';
import { Clock, RandomBytes } from './clock';
import { ContentStore } from './content/ContentStore';
import { RepositoryKeys } from './content/encryptedBlob';
import { IndexSet } from './content/IndexSet';
import { createContentCipher } from './encryption/ContentCipher';
import { isKopiaError, KopiaError } from './errors';
import {
  BlobConfig,
  parseBlobConfig,
  writeBlobConfig,
} from './format/blobConfig';
import {
  blobConfigId,
  FormatBlob,
  formatBlobId,
  parseFormatBlob,
  writeFormatBlob,
} from './format/FormatBlob';
import {
  deriveFormatKey,
  KeyDerivation,
  openWithFormatKey,
  sealWithFormatKey,
} from './format/formatKey';
import { checkRequiredFeatures } from './format/requiredFeatures';
import {
  defaultEpochParameters,
  EpochParameters,
  parseRepositoryFormat,
  RepositoryFormat,
  writeRepositoryFormat,
} from './format/RepositoryFormat';
import { checkUpgradeLock } from './format/upgradeLock';
import { createContentHash } from './hashing/ContentHash';
import { ManifestStore } from './manifest/ManifestStore';
import { ObjectWriter } from './object/ObjectWriter';

/** Who a client is, for sources and ownership. @public */
export interface ClientIdentity {
  readonly username: string;
  readonly hostname: string;
}

/** @public */
export interface OpenOptions {
  readonly storage: BlobStorage;
  readonly password: string;
  /** Default: the user and host of this process. */
  readonly user?: ClientIdentity;
  readonly readOnly?: boolean;
  /** Threads that hash and encrypt large files; default: one per core, at most 4. 0 uses none. */
  readonly workers?: number;
  /** Bytes of indexes that may lie in memory; larger ones are searched in unnamed temporary files. Default 48 MiB. */
  readonly indexMemoryLimit?: number;
  /** Default: the system's. */
  readonly temporaryFolder?: string;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  readonly signal?: AbortSignal;
}

/** What a new repository is made of; the defaults are Kopia's. @public */
export interface CreateOptions extends OpenOptions {
  readonly hash?: string;
  readonly encryption?: string;
  readonly splitter?: string;
  readonly keyDerivation?: KeyDerivation;
  /** 10 to 120 MiB. */
  readonly maxPackSize?: number;
  readonly epochs?: Partial<EpochParameters>;
  /** Object lock for all data; needs a storage that has it. */
  readonly retention?: {
    readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
    readonly periodMs: number;
  };
  /** Fixed keys, for tests of byte-identical results. */
  readonly secret?: Buffer;
}

const mebibyte = 1024 * 1024;
const day = 24 * 3600 * 1000;
const lockCheckInterval = 10 * 60 * 1000;

interface OpenedFormat {
  readonly raw: Buffer;
  readonly blob: FormatBlob;
  readonly key: Buffer;
  readonly plain: Buffer;
  readonly format: RepositoryFormat;
}

async function readFormat(
  storage: BlobStorage,
  password: string,
  signal?: AbortSignal,
): Promise<OpenedFormat> {
  let raw: Buffer;
  try {
    raw = await storage.get(formatBlobId, undefined, { signal });
  } catch (error) {
    if (!isKopiaError(error, 'blob-not-found')) throw error;
    const others = await anyBlob(storage, signal);
    throw new KopiaError(
      others ? 'foreign-storage' : 'not-found',
      others
        ? `${storage.description} holds other data, but no repository (${formatBlobId} is missing)`
        : `there is no repository in ${storage.description}, nor anything else at this level`,
      { cause: error },
    );
  }
  const blob = parseFormatBlob(raw);
  const key = await deriveFormatKey(blob.keyAlgorithm, password, blob.uniqueId);
  let plain: Buffer;
  try {
    plain = openWithFormatKey(blob.sealed, key, blob.uniqueId);
  } catch (cause) {
    throw new KopiaError(
      'invalid-password',
      'The password is wrong, or the format block is damaged',
      { cause },
    );
  }
  return { raw, blob, key, plain, format: parseRepositoryFormat(plain) };
}

async function anyBlob(
  storage: BlobStorage,
  signal?: AbortSignal,
): Promise<boolean> {
  for await (const blob of storage.list('', { signal }))
    return blob !== undefined;
  return false;
}

async function readBlobConfig(
  storage: BlobStorage,
  { blob, key }: OpenedFormat,
  signal?: AbortSignal,
): Promise<BlobConfig> {
  let sealed: Buffer;
  try {
    sealed = await storage.get(blobConfigId, undefined, { signal });
  } catch (error) {
    if (isKopiaError(error, 'blob-not-found')) return {};
    throw error;
  }
  try {
    return parseBlobConfig(openWithFormatKey(sealed, key, blob.uniqueId));
  } catch (cause) {
    if (isKopiaError(cause)) throw cause;
    throw new KopiaError('corrupt', `${blobConfigId} is damaged`, {
      cause,
      place: { blob: blobConfigId },
    });
  }
}

/**
 * An open repository: contents, manifests, and what is needed to write both.
 *
 * @example
 * ```ts
 * const storage = await FolderStorage.open('/backups/shop');
 * const repository = await Repository.open({ storage, password: 'secret' });
 * try {
 *   for (const snapshot of listSnapshots(repository)) console.log(snapshot.id, snapshot.startTime);
 * } finally {
 *   await repository.close();
 * }
 * ```
 *
 * @public
 */
export class Repository {
  /** Warnings of opening, for people. */
  readonly warnings: readonly string[];

  private lastLockCheck: number;
  private objectWriter: ObjectWriter | undefined;

  private constructor(
    readonly storage: BlobStorage,
    private opened: OpenedFormat,
    readonly blobConfig: BlobConfig,
    readonly contents: ContentStore,
    readonly manifests: ManifestStore,
    readonly user: ClientIdentity,
    readonly writable: boolean,
    readonly clock: Clock,
    readonly random: RandomBytes,
    private readonly workers: number,
    warnings: readonly string[],
  ) {
    this.warnings = warnings;
    this.lastLockCheck = clock();
  }

  /** The fixed parameters, keys included. */
  get format(): RepositoryFormat {
    return this.opened.format;
  }

  /** Random salt of the repository's keys; identifies it. */
  get uniqueId(): Buffer {
    return this.opened.blob.uniqueId;
  }

  get keys(): RepositoryKeys {
    return this.contents.keys;
  }

  /** Input of the key of `kopia.maintenance`. */
  get maintenanceKeyMaterial(): Buffer {
    return this.format.enablePasswordChange
      ? this.format.masterKey
      : this.opened.key;
  }

  /**
   * Opens a repository of format version 1, 2 or 3.
   *
   * Throws `not-found`, `foreign-storage`, `invalid-password`, `unsupported`, `upgrade-in-progress` or `corrupt`.
   */
  static async open(options: OpenOptions): Promise<Repository> {
    const { signal } = options;
    const opened = await readFormat(options.storage, options.password, signal);
    return Repository.assemble(
      options,
      opened,
      await readBlobConfig(options.storage, opened, signal),
    );
  }

  /**
   * Creates a repository of format version 3 in an empty storage, with Kopia's defaults, and opens it.
   *
   * @example
   * ```ts
   * const storage = await FolderStorage.open('/backups/shop', { create: true });
   * const repository = await Repository.create({ storage, password: 'secret' });
   * ```
   */
  static async create(options: CreateOptions): Promise<Repository> {
    const { storage, signal, retention, random = randomBytes } = options;
    const format: RepositoryFormat = {
      version: 3,
      hash: options.hash ?? 'BLAKE2B-256-128',
      encryption: options.encryption ?? 'AES256-GCM-HMAC-SHA256',
      secret: options.secret ?? random(32),
      masterKey: random(32),
      maxPackSize: options.maxPackSize ?? 20 * mebibyte,
      indexVersion: 2,
      epochs: { ...defaultEpochParameters, ...options.epochs },
      enablePasswordChange: true,
      splitter: options.splitter ?? 'DYNAMIC-4M-BUZHASH',
      requiredFeatures: [],
    };
    if (
      format.maxPackSize < 10 * mebibyte ||
      format.maxPackSize > 120 * mebibyte
    ) {
      throw new KopiaError(
        'invalid-argument',
        'The pack size must be 10 to 120 MiB',
      );
    }
    if (retention && retention.periodMs < day)
      throw new KopiaError(
        'invalid-argument',
        'An object lock must last at least 24 hours',
      );
    const plain = writeRepositoryFormat(format);
    // Parsing refuses what could not be opened later.
    parseRepositoryFormat(plain);
    if (await anyBlob(storage, signal)) {
      const existing = await storage.stat(formatBlobId, { signal });
      throw new KopiaError(
        existing ? 'already-exists' : 'foreign-storage',
        existing
          ? `${storage.description} holds a repository already`
          : `${storage.description} is not empty`,
      );
    }
    const uniqueId = random(32);
    const keyAlgorithm = options.keyDerivation ?? 'scrypt-65536-8-1';
    const key = await deriveFormatKey(keyAlgorithm, options.password, uniqueId);
    const blobConfig: BlobConfig = retention
      ? { retentionMode: retention.mode, retentionPeriodMs: retention.periodMs }
      : {};
    const blob: FormatBlob = {
      uniqueId,
      keyAlgorithm,
      sealed: sealWithFormatKey(plain, key, uniqueId, random),
    };
    const raw = writeFormatBlob(blob);
    const locked = withRetention(storage, blobConfig);
    await locked.put(
      blobConfigId,
      sealWithFormatKey(writeBlobConfig(blobConfig), key, uniqueId, random),
      { signal },
    );
    await locked.put(formatBlobId, raw, { signal });
    return Repository.assemble(
      options,
      { raw, blob, key, plain, format: parseRepositoryFormat(plain) },
      blobConfig,
    );
  }

  private static async assemble(
    options: OpenOptions,
    opened: OpenedFormat,
    blobConfig: BlobConfig,
  ): Promise<Repository> {
    const { clock = Date.now, random = randomBytes, signal } = options;
    const { format, raw } = opened;
    const warnings = checkRequiredFeatures(format.requiredFeatures);
    checkUpgradeLock(format.upgradeLock, clock());
    const writable = !options.readOnly;
    const storage = writable
      ? withRetention(options.storage, blobConfig)
      : readOnly(options.storage);
    const keys: RepositoryKeys = {
      hash: await createContentHash(format.hash, format.secret),
      cipher: createContentCipher(format.encryption, format.masterKey),
    };
    const user = options.user ?? {
      username: userInfo().username,
      hostname: hostname(),
    };
    const indexes = new IndexSet({
      storage,
      keys,
      epochs: format.epochs.Enabled,
      clock,
      memoryLimit: options.indexMemoryLimit,
      temporaryFolder: options.temporaryFolder,
    });
    const lockCheck: { of?: Repository } = {};
    const contents = new ContentStore({
      storage,
      keys,
      format,
      formatBlob: raw,
      indexes,
      clock,
      random,
      user,
      writable,
      beforeWrite: async checkSignal => lockCheck.of?.checkLock(checkSignal),
    });
    const manifests = new ManifestStore(contents, clock, random);
    const workers = options.workers ?? Math.min(4, availableParallelism());
    const repository = new Repository(
      storage,
      opened,
      blobConfig,
      contents,
      manifests,
      user,
      writable,
      clock,
      random,
      workers,
      warnings,
    );
    lockCheck.of = repository;
    try {
      await indexes.refresh(signal);
      await manifests.refresh(signal);
    } catch (error) {
      indexes.close();
      throw error;
    }
    return repository;
  }

  /** Long-running writers must notice an upgrade lock (Kopia: re-check within 15 minutes). */
  private async checkLock(signal?: AbortSignal) {
    if (this.clock() - this.lastLockCheck < lockCheckInterval) return;
    const blob = parseFormatBlob(
      await this.storage.get(formatBlobId, undefined, { signal }),
    );
    let plain: Buffer;
    try {
      plain = openWithFormatKey(blob.sealed, this.opened.key, blob.uniqueId);
    } catch {
      // The password was changed meanwhile; keys of contents are not affected, and the lock cannot be read.
      this.lastLockCheck = this.clock();
      return;
    }
    checkUpgradeLock(parseRepositoryFormat(plain).upgradeLock, this.clock());
    this.lastLockCheck = this.clock();
  }

  /** Stores objects. */
  get objects(): ObjectWriter {
    this.objectWriter ??= new ObjectWriter(
      this.contents,
      this.format,
      this.workers,
    );
    return this.objectWriter;
  }

  /** Reads what other clients wrote since. */
  async refresh(signal?: AbortSignal): Promise<void> {
    await this.contents.indexes.refresh(signal);
    await this.manifests.refresh(signal);
  }

  /** Makes everything written so far durable and visible to others. */
  async flush(signal?: AbortSignal): Promise<void> {
    await this.manifests.flush(signal);
    await this.contents.flush(signal);
  }

  /**
   * Gives the repository another password; data is not rewritten. Only for repositories whose format allows it.
   */
  async changePassword(
    newPassword: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { blob, plain, format } = this.opened;
    if (!format.enablePasswordChange) {
      throw new KopiaError(
        'unsupported',
        'The password of a repository of this format version cannot be changed',
      );
    }
    const key = await deriveFormatKey(
      blob.keyAlgorithm,
      newPassword,
      blob.uniqueId,
    );
    const changed: FormatBlob = {
      ...blob,
      sealed: sealWithFormatKey(plain, key, blob.uniqueId, this.random),
    };
    const config = sealWithFormatKey(
      writeBlobConfig(this.blobConfig),
      key,
      blob.uniqueId,
      this.random,
    );
    await this.storage.put(blobConfigId, config, { signal });
    const raw = writeFormatBlob(changed);
    await this.storage.put(formatBlobId, raw, { signal });
    this.opened = { ...this.opened, raw, blob: changed, key };
  }

  /** Blobs of a prefix. */
  listBlobs(prefix: string, signal?: AbortSignal) {
    return listAll(this.storage, prefix, { signal });
  }

  /** Ends worker threads and frees indexes. What was not flushed is given up. The storage stays open. */
  async close(): Promise<void> {
    await this.objectWriter?.close();
    await this.contents.abandon();
    this.contents.indexes.close();
  }
}
