import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  openSync,
  writeSync,
} from 'node:fs';
import {
  chmod,
  chown,
  FileHandle,
  lchown,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  rm,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { isKopiaError, KopiaError, messageOf, placed } from '../errors';
import { freeBuffer, keepFreedMemory } from '../garbage';
import { ObjectReader, openObject } from '../object/ObjectReader';
import type { Repository } from '../Repository';
import { DirectoryEntry, fromGoMode } from '../snapshot/DirectoryEntry';
import { readDirectory } from '../snapshot/snapshots';
import { Semaphore } from '../snapshot/upload/Semaphore';
import { restorableTime } from '../time/restoredTime';
import { parseTimestamp } from '../time/timestamps';
import { SlownessMeter } from '../SlownessMeter';
import { Ancestors, enterDirectory } from '../snapshot/Ancestors';
import { writeFully } from '../writeFully';
import { checkEntryName } from './safeNames';

/** Progress of a restore. @public */
export interface RestoreProgress {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly bytes: number;
  readonly skipped: number;
}

/** @public */
export interface RestoreOptions {
  /** Replace files and links that exist; default true. When false, they are left and counted as skipped. */
  readonly overwrite?: boolean;
  /** Default true: when this process may not set an owner or mode, it goes on. */
  readonly ignorePermissionErrors?: boolean;
  readonly skipOwners?: boolean;
  readonly skipModes?: boolean;
  readonly skipTimes?: boolean;
  /** Leaves runs of zeros as holes; default true. */
  readonly sparse?: boolean;
  /** Remove what is in the target but not in the snapshot; default false. */
  readonly deleteExtra?: boolean;
  /** Files written at once; default 8. */
  readonly parallel?: number;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
}

/** An entry that could not be restored. @public */
export interface RestoreError {
  readonly path: string;
  readonly error: string;
}

/** @public */
export interface RestoreReport {
  readonly progress: RestoreProgress;
  /** Empty when everything was restored. */
  readonly errors: readonly RestoreError[];
  /** Owners and modes that this process was not allowed to set. */
  readonly ignoredPermissionErrors: number;
}

const largeFile = 8 * 1024 * 1024;
const parallelLargeFiles = 2;
const contentsAhead = 3;
const parallelWrites = 2;
const holeSize = 64 * 1024;
const directSize = 64 * 1024;
const slowDirectMs = 5;
const filesAfterSlow = 32;
const newFile =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_EXCL |
  constants.O_NOFOLLOW;
const zeros = Buffer.alloc(holeSize);
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

class TreeRestorer {
  readonly progress = {
    files: 0,
    directories: 0,
    symlinks: 0,
    bytes: 0,
    skipped: 0,
  };
  readonly errors: RestoreError[] = [];
  ignoredPermissionErrors = 0;
  private readonly slots: Semaphore;
  private readonly largeSlots = new Semaphore(parallelLargeFiles);
  private failure: unknown;
  private readonly meter = new SlownessMeter(slowDirectMs, filesAfterSlow);

  constructor(
    private readonly repository: Repository,
    private readonly options: RestoreOptions,
  ) {
    this.slots = new Semaphore(options.parallel ?? 8);
  }

  private check() {
    this.options.signal?.throwIfAborted();
    if (this.failure) throw this.failure;
  }

  private tell() {
    this.options.onProgress?.({ ...this.progress });
  }

  /** Notes what cannot be restored; a full disk or a cancelled restore ends everything. */
  private note(path: string, error: unknown) {
    if (this.options.signal?.aborted) throw this.options.signal.reason;
    const code = codeOf(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new KopiaError(
        'storage',
        `Restoring ${path} failed: the disk is full (${code})`,
        { cause: error, place: { file: path } },
      );
    }
    const named = isKopiaError(error) ? placed(error, { file: path }) : error;
    this.errors.push({ path, error: messageOf(named) });
  }

  async directory(
    entry: DirectoryEntry,
    target: string,
    path: string,
    above?: Ancestors,
  ): Promise<void> {
    this.check();
    const here = enterDirectory(entry, path, above);
    const children = await readDirectory(this.repository, entry, {
      signal: this.options.signal,
    });
    await this.makeDirectory(target);
    const seen = new Set<string>();
    const running: Promise<void>[] = [];
    for (const child of children) {
      this.check();
      const childPath = path ? `${path}/${child.name}` : child.name;
      try {
        checkEntryName(child.name, childPath);
        // Two entries of one name, one of them a link, are the classic way out of the folder.
        if (seen.has(child.name))
          throw new KopiaError(
            'unsafe',
            `"${childPath}" is there twice: only the first was restored`,
          );
        seen.add(child.name);
      } catch (error) {
        this.note(childPath, error);
        continue;
      }
      const childTarget = join(target, child.name);
      if (child.type === 'd') {
        await this.directory(child, childTarget, childPath, here).catch(error =>
          this.note(childPath, error),
        );
        continue;
      }
      const slots =
        (child.size ?? 0) >= largeFile ? this.largeSlots : this.slots;
      await slots.acquire();
      running.push(
        this.leaf(child, childTarget, childPath)
          .catch(error => {
            this.failure ??= error;
          })
          .finally(() => slots.release()),
      );
    }
    if (this.options.deleteExtra) await this.deleteExtra(target, seen);
    await Promise.all(running);
    this.check();
    await this.setMetadata(entry, target, path, 'd');
    this.progress.directories += 1;
    this.tell();
  }

  private async deleteExtra(target: string, wanted: ReadonlySet<string>) {
    for (const name of await readdir(target)) {
      if (!wanted.has(name))
        await rm(join(target, name), { recursive: true, force: true });
    }
  }

  private async makeDirectory(target: string) {
    try {
      await mkdir(target, { mode: 0o700 });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const existing = await lstat(target);
      if (existing.isDirectory()) return;
      // A link to a directory must not be followed: what it leads to is not part of the target.
      if (this.options.overwrite === false)
        throw new KopiaError(
          'already-exists',
          `${target} exists and is not a directory`,
        );
      await unlink(target);
      await mkdir(target, { mode: 0o700 });
    }
  }

  /** Restores a root that is not a directory. */
  async single(entry: DirectoryEntry, target: string): Promise<void> {
    await this.leaf(entry, target, entry.name);
  }

  private async leaf(entry: DirectoryEntry, target: string, path: string) {
    try {
      if (entry.type === 'f') await this.file(entry, target, path);
      else if (entry.type === 's') await this.link(entry, target, path);
      else
        throw new KopiaError(
          'unsupported',
          `"${path}" is of the unknown type "${entry.type}"`,
        );
      this.tell();
    } catch (error) {
      this.note(path, error);
    }
  }

  /** Makes way for a new file or link. Returns false when the existing one is to stay. */
  private async replace(target: string): Promise<boolean> {
    if (this.options.overwrite === false) {
      this.progress.skipped += 1;
      return false;
    }
    const existing = await lstat(target);
    if (existing.isDirectory())
      throw new KopiaError('already-exists', `${target} is a directory`);
    await unlink(target);
    return true;
  }

  private async create(target: string): Promise<FileHandle | undefined> {
    const flags =
      constants.O_WRONLY |
      constants.O_CREAT |
      constants.O_EXCL |
      constants.O_NOFOLLOW;
    try {
      return await open(target, flags, 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return (await this.replace(target))
        ? open(target, flags, 0o600)
        : undefined;
    }
  }

  private async file(entry: DirectoryEntry, target: string, path: string) {
    const { signal, sparse = true } = this.options;
    const object = await openObject(this.repository.contents, entry.obj, {
      signal,
    });
    if (
      object.length <= directSize &&
      (await this.directly(object, entry, target, path))
    )
      return;
    const handle = await this.create(target);
    if (!handle) return;
    // Writes run beside reading and decrypting what follows.
    const writes: Promise<void>[] = [];
    try {
      let position = 0;
      let end = 0;
      for await (const part of object.stream(0, Infinity, {
        signal,
        ahead: contentsAhead,
      })) {
        const { length } = part;
        const stretches = sparse
          ? stretchesWithData(part)
          : [{ from: 0, to: length }];
        if (stretches.length > 0)
          end = position + stretches[stretches.length - 1].to;
        const write = writeStretches(handle, part, position, stretches).then(
          () => freeBuffer(part),
        );
        write.catch(() => undefined);
        writes.push(write);
        if (writes.length > parallelWrites) await writes.shift();
        position += length;
        this.progress.bytes += length;
      }
      await Promise.all(writes);
      if (position !== end) await handle.truncate(position);
      if (position !== object.length)
        throw new KopiaError('corrupt', `Object ${entry.obj} ended early`);
    } finally {
      await Promise.allSettled(writes);
      await handle.close();
    }
    await this.setMetadata(entry, target, path, 'f');
    this.progress.files += 1;
  }

  /**
   * Writes a small new file with direct calls: through the thread pool, its six calls cost four times as much. Slow
   * calls send the next files through the pool. Returns false when the file must be written the other way.
   */
  private async directly(
    object: ObjectReader,
    entry: DirectoryEntry,
    target: string,
    path: string,
  ): Promise<boolean> {
    if (!this.meter.direct()) return false;
    const data = await object.readAll(directSize, {
      signal: this.options.signal,
    });
    const started = performance.now();
    let fd: number;
    try {
      fd = openSync(target, newFile, 0o600);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
      for (const step of this.metadataSteps(entry)) {
        try {
          step.direct(fd);
        } catch (error) {
          this.noteMetadata(path, error);
        }
      }
    } finally {
      closeSync(fd);
    }
    this.meter.note(performance.now() - started);
    this.progress.bytes += data.length;
    this.progress.files += 1;
    return true;
  }

  /** How owner, mode and time are set on an open file. Owner first: setting it clears the setuid bit. */
  private metadataSteps(entry: DirectoryEntry): { direct(fd: number): void }[] {
    const { skipOwners, skipModes, skipTimes } = this.options;
    const time = timeOf(entry);
    return [
      ...(!skipOwners && process.getuid
        ? [
            {
              direct: (fd: number) =>
                fchownSync(fd, entry.uid ?? 0, entry.gid ?? 0),
            },
          ]
        : []),
      ...(!skipModes
        ? [{ direct: (fd: number) => fchmodSync(fd, fromGoMode(entry.mode)) }]
        : []),
      ...(!skipTimes
        ? [{ direct: (fd: number) => futimesSync(fd, time, time) }]
        : []),
    ];
  }

  private noteMetadata(path: string, error: unknown) {
    const code = codeOf(error);
    const permission = code === 'EPERM' || code === 'EACCES';
    if (!permission || this.options.ignorePermissionErrors === false)
      this.note(path, error);
    else this.ignoredPermissionErrors += 1;
  }

  private async link(entry: DirectoryEntry, target: string, path: string) {
    const object = await openObject(this.repository.contents, entry.obj, {
      signal: this.options.signal,
    });
    const to = await object.readAll(65536, { signal: this.options.signal });
    try {
      await symlink(to, target);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!(await this.replace(target))) return;
      await symlink(to, target);
    }
    await this.setMetadata(entry, target, path, 's');
    this.progress.symlinks += 1;
  }

  /** Owner first: setting it clears the setuid bit. Links are never followed. */
  private async setMetadata(
    entry: DirectoryEntry,
    target: string,
    path: string,
    kind: 'd' | 'f' | 's',
  ) {
    const { skipOwners, skipModes, skipTimes } = this.options;
    const time = timeOf(entry);
    const own = kind === 's' ? lchown : chown;
    const steps: (() => Promise<void>)[] = [];
    if (!skipOwners && process.getuid)
      steps.push(() => own(target, entry.uid ?? 0, entry.gid ?? 0));
    if (!skipModes && kind !== 's')
      steps.push(() => chmod(target, fromGoMode(entry.mode)));
    if (!skipTimes)
      steps.push(() =>
        kind === 's' ? lutimes(target, time, time) : utimes(target, time, time),
      );
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        this.noteMetadata(path, error);
      }
    }
  }
}

function timeOf(entry: DirectoryEntry): number | string {
  return restorableTime(parseTimestamp(entry.mtime ?? '1970-01-01T00:00:00Z'));
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is left of a part without its long runs of zeros, which become holes. */
function stretchesWithData(part: Buffer): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (let at = 0; at + holeSize <= part.length; at += holeSize) {
    if (
      part[at] !== 0 ||
      part.compare(zeros, 0, holeSize, at, at + holeSize) !== 0
    )
      continue;
    if (at > from) stretches.push({ from, to: at });
    from = at + holeSize;
  }
  if (part.length > from) stretches.push({ from, to: part.length });
  return stretches;
}

async function writeStretches(
  handle: FileHandle,
  part: Buffer,
  position: number,
  stretches: readonly Stretch[],
): Promise<void> {
  for (const { from, to } of stretches)
    await writeFully(handle, part.subarray(from, to), position + from);
}

/**
 * Restores a directory, file or link to a path. Nothing is ever written outside of it, whatever the repository says.
 *
 * @param target - for a directory the folder that becomes it; its parent must exist
 *
 * @example
 * ```ts
 * const snapshot = getSnapshot(repository, id);
 * const { errors } = await restoreTree(repository, rootOf(snapshot), '/restored', { parallel: 4 });
 * ```
 *
 * @public
 */
export async function restoreTree(
  repository: Repository,
  entry: DirectoryEntry,
  target: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  keepFreedMemory();
  const restorer = new TreeRestorer(repository, options);
  if (entry.type === 'd') await restorer.directory(entry, target, '');
  else await restorer.single(entry, target);
  const { progress, errors, ignoredPermissionErrors } = restorer;
  return { progress, errors, ignoredPermissionErrors };
}
