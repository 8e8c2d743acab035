import { compressorToWrite } from '../../compression/compressors';
import { KopiaError } from '../../errors';
import { ByteSource } from '../../object/ChunkPipeline';
import { IndirectEntry } from '../../object/indirectObject';
import { WrittenObject } from '../../object/ObjectWriter';
import type { Repository } from '../../Repository';
import { DirectoryEntry } from '../DirectoryEntry';
import { compressorForFile, Policy } from '../policy';
import { DirectoryInProgress } from './Checkpoints';
import { DirectoryBuilder } from './DirectoryBuilder';
import { holdDirectory } from './HeldDirectory';
import { IgnoreRules, parseIgnoreFile } from './IgnoreRules';
import { PolicyTree } from './PolicyTree';
import { PreviousDirectories } from './PreviousTrees';
import { Semaphore } from './Semaphore';
import { SmallFiles } from './SmallFiles';
import {
  directoryMeter,
  isInvalidName,
  openSourceFile,
  readSourceDirectory,
  readSourceLink,
  SourceEntry,
  SourceError,
} from './sourceFiles';
import { LostMetadata } from './uploadReport';

/** Changing counts of a running upload. */
export interface UploadCounts {
  files: number;
  directories: number;
  cachedFiles: number;
  cachedBytes: number;
  nonCachedFiles: number;
  hashedBytes: number;
  totalSize: number;
  excludedFiles: number;
  excludedDirectories: number;
  excludedBytes: number;
  errors: number;
  ignoredErrors: number;
}

export interface TreeUploaderOptions {
  readonly repository: Repository;
  readonly parallelFiles: number;
  /** The first error that is not ignored ends the upload. */
  readonly failFast: boolean;
  readonly useIgnoreRules: boolean;
  readonly oneFileSystem: boolean;
  /** Others change the tree meanwhile and must not lead the walk out of it. */
  readonly untrusted: boolean;
  readonly signal: AbortSignal;
}

interface Place {
  /** Relative to the root; empty for the root. */
  readonly path: string;
  readonly policies: PolicyTree;
  readonly previous: PreviousDirectories;
  readonly rules: IgnoreRules;
  readonly dotIgnoreFiles: readonly string[];
}

const invalidName =
  'the name is not UTF-8: it is stored with replacement characters';
const collidingName =
  'the name is not UTF-8, and with replacement characters it is that of another entry';
const cacheMarker = 'CACHEDIR.TAG';
const cacheSignature = 'Signature: 8a477f597d28d172789f06886806bc55';
const longestTurnMs = 10;
const largestIgnoreFile = 16 * 1024 * 1024;

const join = (folder: string, name: string) =>
  folder ? `${folder}/${name}` : name;

/** Reads and stores a tree, files in parallel, directories from the bottom up. */
export class TreeUploader {
  readonly counts: UploadCounts = {
    files: 0,
    directories: 0,
    cachedFiles: 0,
    cachedBytes: 0,
    nonCachedFiles: 0,
    hashedBytes: 0,
    totalSize: 0,
    excludedFiles: 0,
    excludedDirectories: 0,
    excludedBytes: 0,
    errors: 0,
    ignoredErrors: 0,
  };
  readonly errors: { path: string; error: string }[] = [];
  readonly invalidNames: string[] = [];
  readonly collidingNames: string[] = [];
  readonly changedFiles: string[] = [];
  readonly lost: LostMetadata = {
    hardLinks: 0,
    sparseFiles: 0,
    specialFiles: 0,
  };
  root: DirectoryInProgress | undefined;

  private readonly slots: Semaphore;
  private readonly smallFiles: SmallFiles;
  private readonly smallFileSlots: Semaphore;
  private readonly directoryMeter = directoryMeter();
  private turnSince = performance.now();
  private failure: unknown;

  constructor(private readonly options: TreeUploaderOptions) {
    this.slots = new Semaphore(options.parallelFiles);
    const { objects } = options.repository;
    const limits = objects.batchLimits;
    // Each thread reads one file at a time.
    const allowed = options.parallelFiles >= limits.threads;
    this.smallFiles = new SmallFiles(
      allowed ? limits : { ...limits, largestFile: -1 },
      files => objects.storeFiles(files, options.signal),
    );
    // One batch is gathered while each thread has one to work on and one that waits.
    this.smallFileSlots = new Semaphore(
      limits.files * (2 * limits.threads + 1),
    );
  }

  private metadataCompressor({ metadataCompression }: Policy) {
    return compressorToWrite(metadataCompression?.compressorName);
  }

  /** Stores a directory and everything below. Throws when the directory itself cannot be read. */
  async directory(
    entry: SourceEntry,
    policies: PolicyTree,
    previous: PreviousDirectories,
  ): Promise<DirectoryEntry> {
    const place: Place = {
      path: '',
      policies,
      previous,
      rules: IgnoreRules.none,
      dotIgnoreFiles: policies.effective.files?.ignoreDotFiles ?? [],
    };
    try {
      const { result } = await this.enter(entry, place, undefined);
      this.smallFiles.flush();
      return await result;
    } catch (error) {
      this.smallFiles.abandon(error);
      throw error;
    }
  }

  private checkGoing() {
    this.options.signal.throwIfAborted();
    if (this.failure) throw this.failure;
  }

  /**
   * Walks a directory. Files are started as slots become free, and the walk goes on while they are being stored;
   * `result` is there when everything below is stored.
   */
  private async enter(
    entry: SourceEntry,
    place: Place,
    parent: DirectoryInProgress | undefined,
  ): Promise<{ result: Promise<DirectoryEntry> }> {
    this.checkGoing();
    const builder = new DirectoryBuilder();
    const held = this.options.untrusted
      ? await holdDirectory(entry.path)
      : undefined;
    const pending: Promise<void>[] = [];
    try {
      return await this.walk(
        held ? { ...entry, path: held.path } : entry,
        place,
        parent,
        builder,
        pending,
        () => held?.close(),
      );
    } catch (error) {
      if (held) Promise.allSettled(pending).then(() => held.close());
      throw error;
    }
  }

  private async walk(
    entry: SourceEntry,
    place: Place,
    parent: DirectoryInProgress | undefined,
    builder: DirectoryBuilder,
    pending: Promise<void>[],
    onRead: () => void,
  ): Promise<{ result: Promise<DirectoryEntry> }> {
    await this.turn();
    let children = await readSourceDirectory(
      entry,
      (name, error) =>
        this.report(
          builder,
          join(place.path, name),
          error,
          place.policies.child(name).effective.errorHandling?.ignoreFileErrors,
        ),
      this.directoryMeter,
    );
    this.counts.directories += 1;
    const compressor = this.metadataCompressor(place.policies.effective);
    const described = describeEntry(entry);
    const write = async (data: Buffer) => {
      const { repository, signal } = this.options;
      const options = {
        prefix: 'k',
        compressor,
        metadataCompressor: compressor,
        signal,
      };
      return (await repository.objects.writeBuffer(data, options)).id;
    };
    const progress = new DirectoryInProgress(described, builder, write);
    if (parent) parent.directories.add(progress);
    else this.root = progress;

    let here = place;
    if (this.options.useIgnoreRules) {
      here = await this.withRules(place, children);
      if (await this.isCacheDirectory(place, children)) {
        this.counts.excludedDirectories += 1;
        children = [];
      } else
        children = children.filter(child => this.included(child, entry, here));
    } else if (this.options.oneFileSystem)
      children = children.filter(child => this.onDevice(child, entry));
    this.noteNames(children, place.path, builder);
    const later = (task: Promise<void>) => {
      // A failure is kept and thrown where the walk next looks; the promise itself must not count as unhandled.
      pending.push(
        task.catch(error => {
          this.failure ??= error;
        }),
      );
    };
    for (const child of children) {
      this.checkGoing();
      if (child.kind === 'd')
        later(
          (await this.childDirectory(child, here, builder, progress)).stored,
        );
      else if (child.kind === 'other') this.specialFile(child, here, builder);
      else {
        const cached = here.previous.unchanged(child);
        if (cached) this.takeOver(child, cached, builder);
        else if (this.isSmall(child, here)) {
          await this.smallFileSlots.acquire();
          await this.turn();
          later(
            this.leaf(child, here, builder, (path, policy) =>
              this.smallFile(child, path, policy, progress),
            ).finally(() => this.smallFileSlots.release()),
          );
        } else {
          await this.slots.acquire();
          await this.turn();
          later(
            this.leaf(child, here, builder, (path, policy) =>
              child.kind === 's'
                ? this.link(child, policy)
                : this.file(child, path, policy, progress),
            ).finally(() => this.slots.release()),
          );
        }
      }
    }
    const finish = async (): Promise<DirectoryEntry> => {
      await Promise.all(pending);
      onRead();
      this.checkGoing();
      const { data, summary } = builder.build(entry.mtime);
      const obj = await write(data);
      parent?.directories.delete(progress);
      return { ...described, obj, summ: summary };
    };
    return { result: finish() };
  }

  /** Directories and small files are read in this thread: its host must get its turn in between. */
  private async turn() {
    if (performance.now() - this.turnSince < longestTurnMs) return;
    await new Promise<void>(resolve => setImmediate(resolve));
    this.turnSince = performance.now();
  }

  /** Walks a sub-directory; `stored` ends when it is in the builder. */
  private async childDirectory(
    child: SourceEntry,
    here: Place,
    builder: DirectoryBuilder,
    parent: DirectoryInProgress,
  ): Promise<{ stored: Promise<void> }> {
    const path = join(here.path, child.name);
    const policies = here.policies.child(child.name);
    let entered: { result: Promise<DirectoryEntry> };
    try {
      const previous = await here.previous.child(
        this.options.repository,
        child.name,
        this.options.signal,
      );
      entered = await this.enter(
        child,
        { ...here, path, policies, previous },
        parent,
      );
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.report(
        builder,
        path,
        error,
        policies.effective.errorHandling?.ignoreDirectoryErrors,
      );
      return { stored: Promise.resolve() };
    }
    return {
      stored: entered.result.then(entry => this.add(builder, child, entry)),
    };
  }

  private add(
    builder: DirectoryBuilder,
    source: SourceEntry,
    entry: DirectoryEntry,
  ) {
    if (isInvalidName(entry.name)) builder.addIrregular(entry, source.mtimeNs);
    else builder.add(entry, source.mtimeNs);
  }

  private takeOver(
    child: SourceEntry,
    cached: DirectoryEntry,
    builder: DirectoryBuilder,
  ) {
    this.counts.cachedFiles += 1;
    this.counts.cachedBytes += child.size;
    this.counts.files += 1;
    this.counts.totalSize += child.size;
    this.noteLost(child);
    this.add(builder, child, { ...describeEntry(child), obj: cached.obj });
  }

  private noteLost(child: SourceEntry) {
    if (child.kind === 'f' && child.links > 1) this.lost.hardLinks += 1;
    if (child.sparse) this.lost.sparseFiles += 1;
  }

  private specialFile(
    child: SourceEntry,
    here: Place,
    builder: DirectoryBuilder,
  ) {
    this.lost.specialFiles += 1;
    const { errorHandling } = here.policies.child(child.name).effective;
    if (errorHandling?.ignoreUnknownTypes ?? true) return;
    this.report(
      builder,
      join(here.path, child.name),
      new SourceError(new Error('unknown or unsupported entry type')),
      false,
    );
  }

  private isSmall({ kind, name, size }: SourceEntry, here: Place): boolean {
    return (
      kind === 'f' &&
      this.smallFiles.takes(size) &&
      !here.policies.child(name).effective.splitter?.algorithm
    );
  }

  /** Stores a file together with others; one that must be read another way is stored alone. */
  private async smallFile(
    child: SourceEntry,
    path: string,
    policy: Policy,
    progress: DirectoryInProgress,
  ): Promise<WrittenObject> {
    const stored = await this.smallFiles.add({
      path: child.path,
      size: child.size,
      compressor: compressorToWrite(
        compressorForFile(policy, child.name, child.size),
      ),
    });
    if (stored === 'elsewhere') {
      await this.slots.acquire();
      return this.file(child, path, policy, progress).finally(() =>
        this.slots.release(),
      );
    }
    if ('failed' in stored) throw new SourceError(stored.failed);
    if (stored.length !== child.size) this.changedFiles.push(path);
    this.counts.hashedBytes += stored.length;
    return { id: stored.contentId, length: stored.length };
  }

  /** Stores a file or link by `store`, and notes it in its directory, or why it could not be read. */
  private async leaf(
    child: SourceEntry,
    here: Place,
    builder: DirectoryBuilder,
    store: (path: string, policy: Policy) => Promise<WrittenObject>,
  ) {
    const path = join(here.path, child.name);
    const policy = here.policies.child(child.name).effective;
    try {
      const { id, length } = await store(path, policy);
      this.counts.files += 1;
      this.counts.nonCachedFiles += child.kind === 'f' ? 1 : 0;
      this.counts.totalSize += length;
      this.noteLost(child);
      this.add(builder, child, {
        ...describeEntry(child),
        size: length,
        obj: id,
      });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.report(builder, path, error, policy.errorHandling?.ignoreFileErrors);
    }
  }

  private async link(
    child: SourceEntry,
    policy: Policy,
  ): Promise<WrittenObject> {
    const target = await readSourceLink(child.path);
    return this.options.repository.objects.writeBuffer(target, {
      compressor: this.metadataCompressor(policy),
      signal: this.options.signal,
    });
  }

  /** Stores a file's bytes. @param progress - where checkpoints find what was stored so far */
  async file(
    child: SourceEntry,
    path: string,
    policy: Policy,
    progress?: DirectoryInProgress,
  ): Promise<WrittenObject> {
    const opened = await openSourceFile(child.path);
    const described = { ...describeEntry(child), obj: '' };
    try {
      const above = policy.upload?.parallelUploadAboveSize ?? -1;
      const onPartial = (partial: () => Promise<WrittenObject | undefined>) =>
        progress?.files.set(described, partial);
      const stored =
        above > 0 && child.size > above
          ? await this.inParts(
              opened.source,
              above,
              Math.floor(child.size / above),
              child,
              policy,
            )
          : await this.bytes(
              opened.source,
              child,
              policy,
              onPartial,
              child.size,
            );
      if (stored.length !== child.size) this.changedFiles.push(path);
      return stored;
    } finally {
      progress?.files.delete(described);
      await opened.close();
    }
  }

  /** Stores the bytes of a source as one object. */
  bytes(
    source: ByteSource,
    child: Pick<SourceEntry, 'name' | 'size'>,
    policy: Policy,
    onPartial?: (partial: () => Promise<WrittenObject | undefined>) => void,
    expected?: number,
  ): Promise<WrittenObject> {
    return this.options.repository.objects.write(
      source,
      { ...this.writeOptions(child, policy), onPartial },
      expected,
    );
  }

  private writeOptions(
    child: Pick<SourceEntry, 'name' | 'size'>,
    policy: Policy,
  ) {
    return {
      compressor: compressorToWrite(
        compressorForFile(policy, child.name, child.size),
      ),
      metadataCompressor: this.metadataCompressor(policy),
      splitter: policy.splitter?.algorithm || undefined,
      signal: this.options.signal,
      onStored: (count: number) => {
        this.counts.hashedBytes += count;
      },
    };
  }

  /** Very large files are cut into parts of one size, each an object of its own (Kopia: parallel upload). */
  private async inParts(
    source: ByteSource,
    partSize: number,
    fullParts: number,
    child: SourceEntry,
    policy: Policy,
  ): Promise<WrittenObject> {
    const { repository, signal } = this.options;
    const entries: IndirectEntry[] = [];
    let start = 0;
    for (let part = 0; part <= fullParts; part++) {
      // The last part has no limit: the file may be growing.
      let left = part < fullParts ? partSize : Infinity;
      const limited: ByteSource = async (into, offset, length) => {
        const count =
          left === 0 ? 0 : await source(into, offset, Math.min(length, left));
        left -= count;
        return count;
      };
      const object = await this.bytes(limited, child, policy);
      entries.push(...(await this.partsOf(object, start)));
      start += object.length;
    }
    return repository.objects.writeIndirect(entries, {
      metadataCompressor: this.metadataCompressor(policy),
      signal,
    });
  }

  private async partsOf(
    object: WrittenObject,
    start: number,
  ): Promise<IndirectEntry[]> {
    const parts = await this.options.repository.objects.readParts(object.id);
    if (!parts) return [{ start, length: object.length, object: object.id }];
    return parts.map(part => ({ ...part, start: part.start + start }));
  }

  private report(
    builder: DirectoryBuilder,
    path: string,
    error: SourceError,
    ignored = false,
  ) {
    builder.fail(path, error.message, ignored);
    this.errors.push({ path, error: error.message });
    if (ignored) this.counts.ignoredErrors += 1;
    else this.counts.errors += 1;
    if (this.options.failFast && !ignored) {
      this.failure ??= new KopiaError('storage', `${path}: ${error.message}`, {
        cause: error,
        place: { file: path },
      });
    }
  }

  /**
   * Lists names that are not UTF-8. The entries are stored, under other names; the summary counts them as failed, so
   * that every client sees that the snapshot is not what the tree was.
   */
  private noteNames(
    children: readonly SourceEntry[],
    folder: string,
    builder: DirectoryBuilder,
  ) {
    const invalid = children.filter(({ name }) => isInvalidName(name));
    if (invalid.length === 0) return;
    const stored = (name: string) => Buffer.from(name).toString('utf8');
    const taken = new Set(
      children
        .filter(child => !invalid.includes(child))
        .map(({ name }) => name),
    );
    for (const { name } of invalid) {
      const path = join(folder, stored(name));
      this.invalidNames.push(path);
      const collides = taken.has(stored(name));
      if (collides) this.collidingNames.push(path);
      builder.fail(path, collides ? collidingName : invalidName, false);
      taken.add(stored(name));
    }
  }

  private async withRules(
    place: Place,
    children: readonly SourceEntry[],
  ): Promise<Place> {
    const files = place.policies.defined?.files;
    const dotIgnoreFiles = files?.ignoreDotFiles ?? place.dotIgnoreFiles;
    let rules = files?.noParentIgnore ? IgnoreRules.none : place.rules;
    rules = rules.with(place.path, files?.ignore ?? []);
    for (const name of dotIgnoreFiles) {
      const found = children.find(
        child =>
          child.name === name && (child.kind === 'f' || child.kind === 's'),
      );
      if (found)
        rules = rules.with(
          place.path,
          parseIgnoreFile(await this.readSmall(found)),
        );
    }
    return { ...place, rules, dotIgnoreFiles };
  }

  private async readSmall(
    entry: SourceEntry,
    limit = largestIgnoreFile,
  ): Promise<string> {
    // Ignore files may be links to shared ones.
    const opened = await openSourceFile(entry.path, 0);
    try {
      const buffer = Buffer.alloc(Math.min(limit, Math.max(entry.size, 65536)));
      let have = 0;
      for (let got = 1; got > 0 && have < buffer.length; have += got)
        got = await opened.source(buffer, have, buffer.length - have);
      return buffer.toString('utf8', 0, have);
    } finally {
      await opened.close();
    }
  }

  private async isCacheDirectory(
    place: Place,
    children: readonly SourceEntry[],
  ): Promise<boolean> {
    if (!(place.policies.effective.files?.ignoreCacheDirs ?? true))
      return false;
    const marker = children.find(
      ({ name, kind }) => name === cacheMarker && kind === 'f',
    );
    if (!marker || marker.size < cacheSignature.length) return false;
    try {
      return (
        (await this.readSmall(marker, cacheSignature.length)) === cacheSignature
      );
    } catch (error) {
      if (error instanceof SourceError) return false;
      throw error;
    }
  }

  private included(
    child: SourceEntry,
    parent: SourceEntry,
    here: Place,
  ): boolean {
    const files = here.policies.effective.files;
    const directory = child.kind === 'd';
    const excluded =
      (!here.rules.empty &&
        here.rules.ignores(join(here.path, child.name), directory)) ||
      (files?.maxFileSize && child.size > files.maxFileSize) ||
      ((files?.oneFileSystem || this.options.oneFileSystem) &&
        child.dev !== parent.dev);
    if (excluded) this.countExcluded(child);
    return !excluded;
  }

  private onDevice(child: SourceEntry, parent: SourceEntry): boolean {
    if (child.dev === parent.dev) return true;
    this.countExcluded(child);
    return false;
  }

  private countExcluded(child: SourceEntry) {
    if (child.kind === 'd') this.counts.excludedDirectories += 1;
    else {
      this.counts.excludedFiles += 1;
      this.counts.excludedBytes += child.size;
    }
  }
}

/** An entry as stored, without its object. */
export function describeEntry({
  name,
  kind,
  mode,
  size,
  mtime,
  uid,
  gid,
}: SourceEntry): Omit<DirectoryEntry, 'obj' | 'summ'> {
  return { name, type: kind, mode, size, mtime, uid, gid };
}
