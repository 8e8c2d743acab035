import type { Readable } from 'node:stream';
import type { Clock } from '../cluster/Clock';
import { TarballWriter } from './TarballWriter';

/**
 * Writes a tarball straight into storage: whichever side fails first ends the other.
 *
 * @param put - stores what it is given
 * @param write - puts items into the tarball
 * @returns what `write` gave, and the digest of what is in storage
 * @throws the signal's reason; what `write` or `put` threw
 */
export async function uploadTarball<T>(
  put: (body: Readable) => Promise<void>,
  write: (tarball: TarballWriter) => Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<{ written: T; sha256: string }> {
  const tarball = new TarballWriter(() => new Date(clock.now()));
  const abort = () => tarball.abort(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const upload = put(tarball.output);
  // Noticed below; until then a failed upload must not be an unhandled rejection.
  upload.catch(error => tarball.abort(error as Error));
  try {
    const written = await write(tarball);
    tarball.finish();
    await upload;
    return { written, sha256: tarball.facts().sha256 };
  } catch (error) {
    tarball.abort(error as Error);
    await upload.catch(() => {});
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
