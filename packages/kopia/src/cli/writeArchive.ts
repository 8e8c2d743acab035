import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where an archive goes besides a file. */
export interface ArchiveOptions {
  /** For the target `-`. */
  readonly stdout: NodeJS.WritableStream;
  readonly signal: AbortSignal;
  /** Bytes so far. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Writes an archive to a new file, or to standard output for `-`. A file is there only when it is whole.
 *
 * @returns its size in bytes
 */
export async function writeArchive(
  archive: Readable,
  target: string,
  { stdout, signal, onProgress }: ArchiveOptions,
): Promise<number> {
  let bytes = 0;
  async function* measured(parts: AsyncIterable<Buffer>) {
    for await (const part of parts) {
      bytes += part.length;
      onProgress(bytes);
      yield part;
    }
  }
  if (target === '-') {
    await pipeline(archive, measured, stdout, { end: false, signal });
    return bytes;
  }
  const handle = await open(target, 'wx').catch(error => {
    archive.destroy();
    throw error;
  });
  try {
    await pipeline(archive, measured, handle.createWriteStream(), { signal });
  } catch (error) {
    // Half an archive looks like a whole one.
    await rm(target, { force: true });
    throw error;
  }
  return bytes;
}
