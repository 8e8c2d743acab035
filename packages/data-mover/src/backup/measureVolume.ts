import { constants } from 'node:fs';
import { access, lstat, opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a volume holds, as far as it was counted. */
export interface VolumeSize {
  bytes: number;
  /** Regular files and links. */
  files: number;
}

/** Something that this process may not read. */
export interface Unreadable {
  /** Relative to the volume. */
  path: string;
  error: string;
}

const parallel = 16;

/**
 * Counts files and bytes of a mounted volume. Entries that vanish meanwhile do not count.
 *
 * @param onUnreadable - asks of each file and folder whether it can be read (never opened: a FIFO would block)
 */
export async function measureFileSystem(
  root: string,
  options: {
    signal?: AbortSignal;
    onUnreadable?: (found: Unreadable) => void;
  } = {},
): Promise<VolumeSize> {
  const size: VolumeSize = { bytes: 0, files: 0 };
  const waiting = [''];
  const note = (path: string, error: unknown) => {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      options.onUnreadable?.({ path: path || '.', error: code });
  };
  const mayRead = (full: string, path: string, mode: number) =>
    access(full, mode).then(
      () => true,
      error => {
        note(path, error);
        return false;
      },
    );
  const leaf = async (path: string) => {
    const full = join(root, path);
    const entry = await lstat(full).catch(error => note(path, error));
    if (!entry) return;
    if (entry.isDirectory()) {
      waiting.push(path);
      return;
    }
    if (!entry.isFile() && !entry.isSymbolicLink()) return;
    if (options.onUnreadable && entry.isFile())
      await mayRead(full, path, constants.R_OK);
    size.files += 1;
    size.bytes += entry.size;
  };
  while (waiting.length > 0) {
    const folder = waiting.pop()!;
    const full = join(root, folder);
    if (
      options.onUnreadable &&
      !(await mayRead(full, folder, constants.R_OK + constants.X_OK))
    )
      continue;
    const running = new Set<Promise<void>>();
    try {
      for await (const { name } of await opendir(full, { bufferSize: 256 })) {
        options.signal?.throwIfAborted();
        const task: Promise<void> = leaf(
          folder ? `${folder}/${name}` : name,
        ).finally(() => running.delete(task));
        running.add(task);
        if (running.size >= parallel) await Promise.race(running);
      }
    } catch (error) {
      if (options.signal?.aborted) throw error;
      note(folder, error);
    }
    await Promise.all(running);
  }
  return size;
}

/** The size of a block device (or of a file that plays one); undefined where the system does not tell. */
export async function measureDevice(
  path: string,
  sysfs = '/sys',
): Promise<number | undefined> {
  const found = await stat(path);
  if (!found.isBlockDevice()) return found.size;
  // As the C library takes device numbers apart.
  const device = BigInt(found.rdev);
  const major = (device >> 8n) & 0xfffn;
  const minor = (device & 0xffn) | ((device >> 12n) & 0xfff00n);
  try {
    const sectors = await readFile(
      join(sysfs, 'dev/block', `${major}:${minor}`, 'size'),
      'utf8',
    );
    return Number(sectors.trim()) * 512;
  } catch {
    return undefined;
  }
}
