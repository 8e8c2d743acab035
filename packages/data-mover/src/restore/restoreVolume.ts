import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  getSnapshot,
  isKopiaError,
  readDirectory,
  restoreToDevice,
  restoreTree,
  rootOf,
  type DirectoryEntry,
  type Repository,
} from '@lifeboat/kopia';
import { measureDevice } from '../backup/measureVolume';
import type { VolumeMode } from '../command/MoverCommand';
import type { Progress } from '../progress/ProgressReporter';
import { writeRestoreMarker } from './restoreMarker';

export interface RestoreVolumeOptions {
  readonly repository: Repository;
  readonly snapshotId: string;
  readonly volumePath: string;
  readonly volumeMode: VolumeMode;
  readonly parallelFiles?: number;
  /** Leave long runs of zeros as holes. */
  readonly sparse?: boolean;
  /** Only root can give files to others; without it, everything belongs to the mover's user. */
  readonly keepOwners: boolean;
  /** Pod volume restores: the UID by which the restored pod's init container knows that its volume is complete. */
  readonly markerUid?: string;
  readonly onProgress?: (progress: Partial<Progress>) => void;
  readonly signal: AbortSignal;
}

export interface RestoredVolume {
  readonly bytes: number;
  readonly files: number;
  /** What could not be restored as it was, for people. */
  readonly warnings: readonly string[];
}

const namedErrors = 3;
const syncTimeoutMs = 10 * 60 * 1000;

/**
 * Writes a snapshot into a mounted volume. Files, folders and links of the same name are replaced; what the volume holds
 * besides stays (Velero: overwrite rules of restores).
 *
 * @throws Error that names what could not be written: a restore is complete or it has failed
 */
export async function restoreVolume(
  options: RestoreVolumeOptions,
): Promise<RestoredVolume> {
  const { repository, snapshotId, volumePath, signal } = options;
  const root = await findRoot(repository, snapshotId);
  const device = await deviceEntry(repository, root, signal);
  if (options.volumeMode === 'Block') {
    if (!device)
      throw new Error(
        `Snapshot ${snapshotId} holds files, not a block device: it cannot be written to a volume of mode Block`,
      );
    return restoreDevice(device, options);
  }
  if (device)
    throw new Error(
      `Snapshot ${snapshotId} holds a block device (${device.name}): it can only be restored to a volume of mode Block`,
    );
  options.onProgress?.({
    totalBytes: root.summ?.size,
    filesTotal: (root.summ?.files ?? 0) + (root.summ?.symlinks ?? 0),
  });
  const report = await restoreTree(repository, root, volumePath, {
    signal,
    parallel: options.parallelFiles,
    sparse: options.sparse ?? true,
    skipOwners: !options.keepOwners,
    onProgress: ({ bytes, files, symlinks }) =>
      options.onProgress?.({ bytesDone: bytes, filesDone: files + symlinks }),
  });
  const { progress, errors, ignoredPermissionErrors } = report;
  if (errors.length > 0) {
    const named = errors
      .slice(0, namedErrors)
      .map(({ path, error }) => `${path}: ${error}`)
      .join('; ');
    throw new Error(
      `${errors.length} entries could not be restored: ${named}${
        errors.length > namedErrors ? '; …' : ''
      }`,
    );
  }
  await syncFileSystem(volumePath);
  if (options.markerUid)
    await writeRestoreMarker(volumePath, options.markerUid);
  const warnings = [
    ...(options.keepOwners
      ? []
      : ['Owners were not restored, because the mover is not root']),
    ...(ignoredPermissionErrors > 0
      ? [
          `The storage refused to set owner, mode or time ${ignoredPermissionErrors} times`,
        ]
      : []),
  ];
  return {
    bytes: progress.bytes,
    files: progress.files + progress.symlinks,
    warnings,
  };
}

async function findRoot(
  repository: Repository,
  snapshotId: string,
): Promise<DirectoryEntry> {
  try {
    const snapshot = getSnapshot(repository, snapshotId);
    if (snapshot.incomplete)
      throw new Error(
        `Snapshot ${snapshotId} is incomplete (${snapshot.incomplete})`,
      );
    return rootOf(snapshot);
  } catch (error) {
    if (!isKopiaError(error, 'not-found')) throw error;
    throw new Error(
      `The repository has no snapshot ${snapshotId}: it was deleted, or belongs to another storage location`,
      { cause: error },
    );
  }
}

/** The file of a block device: the only entry of its root, named with the device's path (Velero: block uploads). */
async function deviceEntry(
  repository: Repository,
  root: DirectoryEntry,
  signal: AbortSignal,
): Promise<DirectoryEntry | undefined> {
  if (root.summ && root.summ.files !== 1) return undefined;
  const children = await readDirectory(repository, root, { signal });
  return children.length === 1 &&
    children[0].type === 'f' &&
    children[0].name.startsWith('/')
    ? children[0]
    : undefined;
}

async function restoreDevice(
  entry: DirectoryEntry,
  options: RestoreVolumeOptions,
): Promise<RestoredVolume> {
  const { repository, volumePath, signal } = options;
  const needed = entry.size ?? 0;
  const room = (await stat(volumePath)).isBlockDevice()
    ? await measureDevice(volumePath)
    : undefined;
  if (room !== undefined && room < needed)
    throw new Error(
      `The target device has ${room} bytes, but the backup has ${needed}: the new volume must be at least as large`,
    );
  options.onProgress?.({ totalBytes: needed, filesTotal: 1 });
  const bytes = await restoreToDevice(repository, entry, volumePath, {
    signal,
    onProgress: bytesDone => options.onProgress?.({ bytesDone }),
  });
  options.onProgress?.({ filesDone: 1 });
  return { bytes, files: 1, warnings: [] };
}

/**
 * Brings everything written to the disk with one call, where the program `sync` is at hand (Node has no such call). Where
 * it is not, unmounting the volume does it.
 */
async function syncFileSystem(path: string): Promise<void> {
  await promisify(execFile)('sync', ['-f', path], {
    timeout: syncTimeoutMs,
  }).catch((error: NodeJS.ErrnoException) => {
    // EIO and the like come with an exit code; a missing program or an unknown option is no fault of the volume.
    if (/input\/output error|no space left/i.test(error.message)) throw error;
  });
}
