import { closeSync, constants, openSync, readSync } from 'node:fs';
import { SlownessMeter } from '../SlownessMeter';

/** A small file, and where in the shared memory its bytes go: one byte more than expected has room there. */
export interface FileToRead {
  readonly path: string | Uint8Array;
  /** Expected length in bytes. */
  readonly size: number;
  readonly at: number;
}

/** What a system call says when it fails, in a form that threads can hand over. */
export interface ReadFailure {
  readonly code?: string;
  readonly syscall?: string;
  readonly message: string;
}

/** What was read. Neither hash nor failure: it must be read another way, because it has grown or because the file system is slow. */
export interface FileRead {
  /** Bytes. */
  readonly length: number;
  /** In hexadecimal. */
  readonly hash?: string;
  readonly failed?: ReadFailure;
}

const elsewhere: FileRead = { length: 0 };

// A file in the page cache takes a tenth of this; on a disk, reading many at once is what helps.
const slowReadMs = 0.4;
const readsAfterSlow = 64;

/** Decides which files are read directly. */
export function fileMeter(): SlownessMeter {
  return new SlownessMeter(slowReadMs, readsAfterSlow);
}

/**
 * Reads a file with direct calls, which take a fraction of the processor time of those in the thread pool. What became a link, a
 * FIFO or a device since it was listed does not block or lead elsewhere.
 *
 * @returns length read, more than expected when the file has grown
 */
function readWhole(
  { path, size, at }: FileToRead,
  memory: Buffer,
): number | ReadFailure {
  const end = at + size + 1;
  let fd: number | undefined;
  try {
    fd = openSync(
      typeof path === 'string' ? path : Buffer.from(path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    let have = at;
    while (have < end) {
      const got = readSync(fd, memory, have, end - have, null);
      have += got;
      // All that was expected came at once: another call would only say that nothing follows.
      if (got === 0 || have === end - 1) break;
    }
    return have - at;
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    return { code, syscall, message };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Reads small files one after the other.
 *
 * @param hash - names the bytes in a stretch of the memory
 * @param meter - shared by all batches of a thread
 */
export function readFiles(
  files: readonly FileToRead[],
  memory: Buffer,
  hash: (stretch: { at: number; length: number }) => string,
  meter: SlownessMeter,
): FileRead[] {
  return files.map(file => {
    if (!meter.direct()) return elsewhere;
    const started = performance.now();
    const read = readWhole(file, memory);
    meter.note(performance.now() - started);
    if (typeof read !== 'number') return { length: 0, failed: read };
    if (read > file.size) return elsewhere;
    return { length: read, hash: hash({ at: file.at, length: read }) };
  });
}
