import { constants } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { KopiaError } from '../../errors';
import { ByteSource } from '../../object/ChunkPipeline';
import type { Repository } from '../../Repository';
import { formatMilliseconds } from '../../time/timestamps';
import { DirectoryEntry } from '../DirectoryEntry';
import { Policy } from '../policy';
import { applyRetention } from '../retention';
import {
  SnapshotManifest,
  SnapshotSource,
  SnapshotStats,
  zeroStats,
} from '../SnapshotManifest';
import {
  AttributeCounting,
  startCountingAttributes,
  uncounted,
} from './countAttributes';
import { DirectoryBuilder } from './DirectoryBuilder';
import { PolicyTree } from './PolicyTree';
import { previousSnapshots, PreviousDirectories } from './PreviousTrees';
import { checkSnapshotLabels, saveSnapshot } from './saveSnapshot';
import { openSourceFile, statSource } from './sourceFiles';
import { describeEntry, TreeUploader } from './TreeUploader';
import { UploadProgress, UploadReport } from './uploadReport';

/** What all uploads can be told. @public */
export interface UploadOptions {
  /** Whose data it is; with the path of the tree by default. */
  readonly source?: Partial<SnapshotSource>;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** A pinned snapshot is never deleted by retention. */
  readonly pins?: readonly string[];
  /** Rules that count before the stored policies. */
  readonly policy?: Policy;
  /** Snapshots to compare with. `auto` takes the latest of the same source with equal `previousTags`. Default `auto`. */
  readonly previous?: 'auto' | 'none' | readonly SnapshotManifest[];
  readonly previousTags?: Readonly<Record<string, string>>;
  /** Files read at once; default 16, or what the policy says. */
  readonly parallelFiles?: number;
  /** End at the first file that cannot be read, without a snapshot. Default false: such files are reported. */
  readonly failFast?: boolean;
  /** Default true. */
  readonly useIgnoreRules?: boolean;
  /** Leaves out what lies on another device than its directory, also when `useIgnoreRules` is false. Default false. */
  readonly oneFileSystem?: boolean;
  /**
   * For a tree that others, who are not trusted, may change meanwhile: each directory is held open while it is read, so
   * that no directory can be replaced by a link that leads elsewhere. Linux only. Default false.
   */
  readonly untrusted?: boolean;
  /** Counts extended attributes and access control lists, where the system has `getfattr`. Default true. */
  readonly countAttributes?: boolean;
  /** Deletes snapshots of the source that its policy does not keep. Default false. */
  readonly applyRetention?: boolean;
  /** Default and most: 45 minutes. */
  readonly checkpointIntervalMs?: number;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Default 500. */
  readonly progressIntervalMs?: number;
  readonly signal?: AbortSignal;
}

/** @public */
export interface UploadResult {
  readonly snapshot: SnapshotManifest;
  readonly report: UploadReport;
}

const longestCheckpointInterval = 45 * 60 * 1000;

interface Run {
  readonly repository: Repository;
  readonly options: UploadOptions;
  readonly source: SnapshotSource;
  readonly uploader: TreeUploader;
  readonly startTime: string;
  /** Runs beside the upload of a tree. */
  attributes?: AttributeCounting;
}

/** How long a finished upload waits for the count of attributes. */
const countingPatienceMs = 30_000;

function progressOf({ repository, uploader }: Run): UploadProgress {
  const { counts } = uploader;
  return {
    files: counts.files,
    directories: counts.directories,
    cachedFiles: counts.cachedFiles,
    cachedBytes: counts.cachedBytes,
    hashedBytes: counts.hashedBytes,
    uploadedBytes: repository.contents.counts.uploadedBytes,
    excludedFiles: counts.excludedFiles,
    excludedDirectories: counts.excludedDirectories,
    errors: counts.errors,
  };
}

function statsOf({ counts, invalidNames }: TreeUploader): SnapshotStats {
  return {
    totalSize: counts.totalSize,
    excludedTotalSize: counts.excludedBytes,
    fileCount: counts.nonCachedFiles,
    cachedFiles: counts.cachedFiles,
    nonCachedFiles: counts.nonCachedFiles,
    dirCount: counts.directories,
    excludedFileCount: counts.excludedFiles,
    excludedDirCount: counts.excludedDirectories,
    ignoredErrorCount: counts.ignoredErrors,
    errorCount: counts.errors + invalidNames.length,
  };
}

/** Saves a manifest of what is stored so far, so that clean-up leaves its data alone and a repeated upload finds it. */
async function saveCheckpoint(
  run: Run,
  previousId: string | undefined,
): Promise<string | undefined> {
  const { repository, uploader, source, startTime, options } = run;
  if (!uploader.root) return previousId;
  const rootEntry = await uploader.root.checkpoint();
  const saved = saveSnapshot(repository, {
    source,
    description: options.description ?? '',
    startTime,
    endTime: formatMilliseconds(repository.clock()),
    stats: zeroStats,
    incomplete: 'checkpoint',
    rootEntry,
    tags: options.tags,
  });
  if (previousId) repository.manifests.delete(previousId);
  await repository.flush(options.signal);
  return saved.id;
}

/** Runs an upload with progress, checkpoints and the manifest at its end. */
async function runUpload(
  repository: Repository,
  options: UploadOptions,
  defaultPath: string,
  policies: (source: SnapshotSource) => PolicyTree,
  store: (run: Run, policies: PolicyTree) => Promise<DirectoryEntry>,
): Promise<UploadResult> {
  const { signal } = options;
  const source: SnapshotSource = {
    host: options.source?.host ?? repository.user.hostname,
    userName: options.source?.userName ?? repository.user.username,
    path: options.source?.path ?? defaultPath,
  };
  checkSnapshotLabels({ source, tags: options.tags });
  if (!repository.writable)
    throw new KopiaError('read-only', 'The repository was opened read-only');
  const controller = new AbortController();
  const tree = policies(source);
  const uploader = new TreeUploader({
    repository,
    parallelFiles:
      options.parallelFiles ??
      (tree.effective.upload?.maxParallelFileReads || 16),
    failFast: options.failFast ?? false,
    useIgnoreRules: options.useIgnoreRules ?? true,
    oneFileSystem: options.oneFileSystem ?? false,
    untrusted: options.untrusted ?? false,
    signal: signal
      ? AbortSignal.any([signal, controller.signal])
      : controller.signal,
  });
  const run: Run = {
    repository,
    options,
    source,
    uploader,
    startTime: formatMilliseconds(repository.clock()),
  };
  const tell = () => options.onProgress?.(progressOf(run));
  const progressTimer =
    options.onProgress && setInterval(tell, options.progressIntervalMs ?? 500);
  let checkpointId: string | undefined;
  let checkpointing: Promise<void> = Promise.resolve();
  const interval = Math.min(
    options.checkpointIntervalMs ?? longestCheckpointInterval,
    longestCheckpointInterval,
  );
  const checkpointTimer = setInterval(() => {
    checkpointing = checkpointing
      .then(async () => {
        checkpointId = await saveCheckpoint(run, checkpointId);
      })
      .catch(error => controller.abort(error));
  }, interval);
  let rootEntry: DirectoryEntry;
  try {
    rootEntry = await store(run, tree);
  } catch (error) {
    controller.abort(error);
    run.attributes?.stop();
    throw error;
  } finally {
    clearInterval(progressTimer);
    clearInterval(checkpointTimer);
    await checkpointing;
  }
  if (signal?.aborted) run.attributes?.stop();
  signal?.throwIfAborted();
  const snapshot = saveSnapshot(repository, {
    source,
    description: options.description ?? '',
    startTime: run.startTime,
    endTime: formatMilliseconds(repository.clock()),
    stats: statsOf(uploader),
    rootEntry,
    tags: options.tags,
    pins: options.pins,
  });
  if (checkpointId) repository.manifests.delete(checkpointId);
  if (options.applyRetention)
    applyRetention(repository, source, tree.effective.retention ?? {});
  await repository.flush(signal);
  tell();
  const { errors, invalidNames, collidingNames, changedFiles } = uploader;
  const attributes =
    (await run.attributes?.finish(countingPatienceMs)) ??
    uncounted('not asked for');
  const report: UploadReport = {
    errors,
    invalidNames,
    collidingNames,
    changedFiles,
    lost: { ...uploader.lost, attributes },
    progress: progressOf(run),
    complete: uploader.counts.errors === 0 && invalidNames.length === 0,
  };
  return { snapshot, report };
}

/**
 * Stores a directory tree (or one file) as a snapshot, incrementally against earlier ones of the same source.
 *
 * Entries that cannot be read are left out and listed in the report; an unreadable root is an error. On cancellation
 * nothing is saved but what a checkpoint saved.
 *
 * @example
 * ```ts
 * const { snapshot, report } = await uploadTree(repository, '/data', { description: 'nightly', signal });
 * if (!report.complete) console.warn(report.errors);
 * ```
 *
 * @public
 */
export async function uploadTree(
  repository: Repository,
  path: string,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const root = await realpath(path);
  return runUpload(
    repository,
    options,
    root,
    source => PolicyTree.of(repository, source, options.policy),
    async (run, policies) => {
      const { uploader, source } = run;
      if (options.countAttributes !== false)
        run.attributes = startCountingAttributes(root);
      const entry = await statSource(root, basename(root) || '/');
      if (entry.kind === 'd') {
        const previous =
          options.previous === undefined || options.previous === 'auto'
            ? previousSnapshots(repository, source, options.previousTags)
            : options.previous;
        const earlier = previous === 'none' ? [] : previous;
        return uploader.directory(
          entry,
          policies,
          await PreviousDirectories.roots(repository, earlier, options.signal),
        );
      }
      if (entry.kind !== 'f')
        throw new KopiaError(
          'invalid-argument',
          `${path} is neither a directory nor a file`,
        );
      const stored = await uploader.file(entry, entry.name, policies.effective);
      uploader.counts.files += 1;
      uploader.counts.nonCachedFiles += 1;
      uploader.counts.totalSize += stored.length;
      const summ = {
        size: stored.length,
        files: 1,
        symlinks: 0,
        dirs: 0,
        maxTime: entry.mtime,
        numFailed: 0,
      };
      return {
        ...describeEntry(entry),
        size: stored.length,
        obj: stored.id,
        summ,
      };
    },
  );
}

/** A source of bytes from a stream. */
export function streamSource(stream: AsyncIterable<Buffer | string>): {
  source: ByteSource;
  close(): Promise<void>;
} {
  const iterator = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return {
    async source(into, offset, length) {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return 0;
        rest = Buffer.from(next.value as Buffer);
      }
      const count = rest.copy(into, offset, 0, length);
      rest = rest.subarray(count);
      return count;
    },
    async close() {
      await iterator.return?.();
    },
  };
}

/**
 * Stores a stream as a snapshot of one directory with one file, as Velero stores block devices.
 *
 * @param name - of the file; Velero uses the device's path
 *
 * @example
 * ```ts
 * await uploadStream(repository, createReadStream('/dev/vdb', { highWaterMark: 1 << 20 }), '/dev/vdb', {
 *   source: { path: 'snapshot-data-upload-download/kopia/shop/data' },
 * });
 * ```
 *
 * @public
 */
export async function uploadStream(
  repository: Repository,
  stream: AsyncIterable<Buffer>,
  name: string,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const { source, close } = streamSource(stream);
  try {
    return await uploadSource(repository, source, name, options);
  } finally {
    await close();
  }
}

/** Stores a source of bytes as a directory with one file. */
async function uploadSource(
  repository: Repository,
  source: ByteSource,
  name: string,
  options: UploadOptions,
): Promise<UploadResult> {
  return runUpload(
    repository,
    options,
    name,
    snapshotSource => PolicyTree.of(repository, snapshotSource, options.policy),
    async ({ uploader }, policies) => {
      const mtime = formatMilliseconds(repository.clock());
      const stored = await uploader.bytes(
        source,
        { name, size: 0 },
        policies.effective,
      );
      uploader.counts.files += 1;
      uploader.counts.nonCachedFiles += 1;
      uploader.counts.directories += 1;
      uploader.counts.totalSize += stored.length;
      const builder = new DirectoryBuilder();
      builder.add({
        name,
        type: 'f',
        mode: '0777',
        size: stored.length,
        mtime,
        obj: stored.id,
      });
      const { data, summary } = builder.build(mtime);
      const { id } = await repository.objects.writeBuffer(data, {
        prefix: 'k',
        signal: options.signal,
      });
      return { name, type: 'd', mode: '0777', mtime, obj: id, summ: summary };
    },
  );
}

/**
 * Stores a block device or a regular file as one stream, without loading it through Node's stream machinery. Throws
 * `invalid-argument` for anything else.
 *
 * @public
 */
export async function uploadDevice(
  repository: Repository,
  path: string,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const resolved = await realpath(path);
  const found = await stat(resolved);
  if (!found.isBlockDevice() && !found.isFile())
    throw new KopiaError(
      'invalid-argument',
      `${resolved} is neither a block device nor a file`,
    );
  const opened = await openSourceFile(resolved, constants.O_NONBLOCK);
  try {
    return await uploadSource(repository, opened.source, resolved, options);
  } finally {
    await opened.close();
  }
}
