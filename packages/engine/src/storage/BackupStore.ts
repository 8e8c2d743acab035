import type { Readable } from 'node:stream';
import type { Backup, storageKeys } from '@lifeboat/velero-api';
import type { ObjectStore } from './ObjectStore';

/** @public */
export type StorageKeys = ReturnType<typeof storageKeys>;

/** The files of a backup, by the names of `storageKeys(prefix).backup(name)`. @public */
export type BackupFile = Exclude<
  keyof ReturnType<StorageKeys['backup']>,
  'directory'
>;

/** The files of a restore, by the names of `storageKeys(prefix).restore(name)`. @public */
export type RestoreFile = Exclude<
  keyof ReturnType<StorageKeys['restore']>,
  'directory'
>;

/** @public */
export interface ReadOptions {
  signal?: AbortSignal;
  /** Refuse more bytes than this after decompression. */
  maxBytes?: number;
}

/** @public */
export interface LogText {
  text: string;
  /** False when the log was longer than asked for and its beginning was left out. */
  complete: boolean;
}

/**
 * One storage location's backups and restores (Velero: object storage layout).
 * @public
 */
export interface BackupStore {
  /** Name of the BackupStorageLocation. */
  readonly locationName: string;
  readonly readOnly: boolean;
  readonly keys: StorageKeys;
  readonly objects: ObjectStore;

  /** Names of directories directly under the prefix that Velero would refuse; empty = fine. */
  invalidTopLevelDirectories(options?: {
    signal?: AbortSignal;
  }): Promise<string[]>;

  /** Names of all backup directories, whether or not they are complete. */
  listBackups(options?: { signal?: AbortSignal }): Promise<string[]>;
  /** Whether `velero-backup.json` exists: the definition of "the backup exists". */
  exists(backup: string, options?: { signal?: AbortSignal }): Promise<boolean>;
  /** Undefined when there is no `velero-backup.json`. @throws when it is not a Backup */
  getMetadata(
    backup: string,
    options?: ReadOptions,
  ): Promise<Backup | undefined>;
  /** Writes `velero-backup.json`: plain JSON, trailing newline. */
  putMetadata(
    backup: string,
    object: Backup,
    options?: { signal?: AbortSignal },
  ): Promise<void>;

  /** The tarball, still gzipped. @throws ObjectNotFoundError */
  readContents(
    backup: string,
    options?: { signal?: AbortSignal },
  ): Promise<Readable>;
  /** Streams a gzipped tarball of unknown length into storage. */
  putContents(
    backup: string,
    body: Readable,
    options?: { signal?: AbortSignal },
  ): Promise<void>;

  /** Undefined when the file does not exist. `null` in a file stays null. */
  getBackupJson<T>(
    backup: string,
    file: BackupFile,
    options?: ReadOptions,
  ): Promise<T | undefined>;
  /** Writes gzipped JSON with a trailing newline. */
  putBackupJson(
    backup: string,
    file: BackupFile,
    value: unknown,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** Writes a file as it is (already gzipped if its name says so), such as the log. */
  putBackupFile(
    backup: string,
    file: BackupFile,
    body: Readable | Buffer,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** The end of the log, at most `maxBytes` (default 4 MiB) of text; undefined when there is none. */
  readBackupLog(
    backup: string,
    options?: ReadOptions,
  ): Promise<LogText | undefined>;
  /**
   * Deletes everything below `backups/<backup>/`: metadata first, so that an interrupted deletion is no backup any more, and the mark of
   * a run last, so that it can be gone on with.
   */
  deleteBackup(
    backup: string,
    options?: { signal?: AbortSignal },
  ): Promise<void>;

  listRestores(options?: { signal?: AbortSignal }): Promise<string[]>;
  getRestoreJson<T>(
    restore: string,
    file: RestoreFile,
    options?: ReadOptions,
  ): Promise<T | undefined>;
  putRestoreJson(
    restore: string,
    file: RestoreFile,
    value: unknown,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  putRestoreFile(
    restore: string,
    file: RestoreFile,
    body: Readable | Buffer,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  readRestoreLog(
    restore: string,
    options?: ReadOptions,
  ): Promise<LogText | undefined>;
  deleteRestore(
    restore: string,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** Removes what a killed writer left half-written below `restores/<restore>/`; whole files stay. */
  sweepRestore(
    restore: string,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
}
