import { messageOf } from '../errors';

const meanings: Record<string, string> = {
  EACCES: 'permission denied',
  EEXIST: 'exists already',
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left',
  ENOTDIR: 'is not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

/** What went wrong, for people; errors of the system as other programs print them: `/path: no such file or directory`. */
export function describeError(error: unknown): string {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && path !== undefined && meanings[code]
    ? `${path}: ${meanings[code]}`
    : messageOf(error);
}
