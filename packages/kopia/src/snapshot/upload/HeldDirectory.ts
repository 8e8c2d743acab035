import { close, constants, open } from 'node:fs';
import { KopiaError } from '../../errors';
import { SourceError, SourcePath } from './sourceFiles';

/**
 * A directory that is held open, so that what is read below it lies in this very directory, whatever its path leads to
 * meanwhile (Linux: `/proc/self/fd`, which does what openat does).
 */
export interface HeldDirectory {
  /** Path of the directory as long as it is held. */
  readonly path: string;
  close(): void;
}

/** Holds a directory; a symbolic link in its place is refused. Throws `SourceError`. */
export function holdDirectory(path: SourcePath): Promise<HeldDirectory> {
  if (process.platform !== 'linux')
    throw new KopiaError(
      'unsupported',
      'A tree that others change can be stored safely on Linux only',
    );
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  return new Promise((resolve, reject) => {
    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, (error, fd) =>
      error
        ? reject(new SourceError(error))
        : resolve({
            path: `/proc/self/fd/${fd}`,
            close: () => close(fd, () => undefined),
          }),
    );
  });
}
