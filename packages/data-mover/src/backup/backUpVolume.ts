import {
  ensurePolicy,
  uploadDevice,
  uploadTree,
  veleroSnapshot,
  type Repository,
  type UploadResult,
  type VeleroSnapshotOptions,
} from '@lifeboat/kopia';
import type { VolumeMode } from '../command/MoverCommand';
import type { Progress } from '../progress/ProgressReporter';
import {
  measureDevice,
  measureFileSystem,
  type Unreadable,
  type VolumeSize,
} from './measureVolume';

export interface BackUpVolumeOptions {
  readonly repository: Repository;
  readonly volumePath: string;
  readonly volumeMode: VolumeMode;
  readonly snapshot: VeleroSnapshotOptions;
  readonly parallelFiles?: number;
  readonly requireReadable?: boolean;
  /** The application may be changing the volume right now, also to make the mover read other files of its own pod. */
  readonly live?: boolean;
  readonly onProgress?: (progress: Partial<Progress>) => void;
  readonly signal: AbortSignal;
}

/** Velero leaves compression off; zstd-fastest costs less time than sending what it saves. */
const compressor = 'zstd-fastest';
const namedPaths = 3;

/**
 * Stores a mounted volume as a snapshot that Velero finds again: identity, path, tags, pin and policy are Velero's.
 *
 * The first file that cannot be read ends it, without a snapshot (as with Velero); with `requireReadable`, before
 * anything is uploaded.
 */
export async function backUpVolume(
  options: BackUpVolumeOptions,
): Promise<UploadResult> {
  const { repository, volumePath, parallelFiles, signal } = options;
  const velero = veleroSnapshot(options.snapshot);
  const policy = {
    ...velero.policy,
    compression: { compressorName: compressor },
    upload: {
      ...velero.policy?.upload,
      ...(parallelFiles && { maxParallelFileReads: parallelFiles }),
    },
  };
  const done = new AbortController();
  const measuring = AbortSignal.any([signal, done.signal]);
  let counting: Promise<unknown> = Promise.resolve();
  if (options.volumeMode === 'Block') {
    options.onProgress?.({
      totalBytes: await measureDevice(volumePath),
      filesTotal: 1,
    });
  } else if (options.requireReadable) {
    const size = await checkReadable(volumePath, signal);
    options.onProgress?.({ totalBytes: size.bytes, filesTotal: size.files });
  } else {
    counting = measureFileSystem(volumePath, { signal: measuring })
      .then(size =>
        options.onProgress?.({
          totalBytes: size.bytes,
          filesTotal: size.files,
        }),
      )
      // The upload meets the same error, and names it.
      .catch(() => undefined);
  }
  ensurePolicy(repository, velero.source ?? {}, policy);
  const upload = options.volumeMode === 'Block' ? uploadDevice : uploadTree;
  try {
    const result = await upload(repository, volumePath, {
      ...velero,
      policy,
      // What lies in the volume, such as .kopiaignore, is the tenant's: it must not thin out a backup.
      useIgnoreRules: false,
      // A folder that becomes a link to the mover's credentials between two looks at it must not be followed.
      untrusted: options.live,
      oneFileSystem: options.live,
      parallelFiles,
      signal,
      progressIntervalMs: 500,
      onProgress: progress =>
        options.onProgress?.({
          bytesDone: progress.hashedBytes + progress.cachedBytes,
          filesDone: progress.files,
          bytesHashed: progress.hashedBytes,
          bytesCached: progress.cachedBytes,
          bytesUploaded: progress.uploadedBytes,
        }),
    });
    return result;
  } finally {
    done.abort();
    await counting;
  }
}

async function checkReadable(
  volumePath: string,
  signal: AbortSignal,
): Promise<VolumeSize> {
  const unreadable: Unreadable[] = [];
  let count = 0;
  const size = await measureFileSystem(volumePath, {
    signal,
    onUnreadable: found => {
      count += 1;
      if (unreadable.length < namedPaths) unreadable.push(found);
    },
  });
  if (count === 0) return size;
  const names = unreadable
    .map(({ path, error }) => `${path} (${error})`)
    .join(', ');
  throw new Error(
    `${count} files or folders of the volume cannot be read by user ${process.getuid?.()}: ${names}${
      count > unreadable.length ? ', …' : ''
    }. Nothing was uploaded. Let the mover run as root, or as a user or group that may read them`,
  );
}
