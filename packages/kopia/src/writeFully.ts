import type { FileHandle } from 'node:fs/promises';

// Linux (6.18, ext4) makes a page of the page cache as large as what is written at once: those of 2 MiB took ten times the processor
// time of smaller ones, because such memory is seldom at hand.
const step = 1024 * 1024;

/**
 * Writes all bytes to a file.
 *
 * @param position - in the file; default: where the last write ended
 * @throws what the system says, or the reason of the signal between two steps of 1 MiB
 */
export async function writeFully(
  handle: FileHandle,
  bytes: Buffer,
  position?: number,
  signal?: AbortSignal,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    signal?.throwIfAborted();
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      Math.min(step, bytes.length - written),
      position === undefined ? null : position + written,
    );
    written += bytesWritten;
  }
}
