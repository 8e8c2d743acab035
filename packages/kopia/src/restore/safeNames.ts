import { KopiaError } from '../errors';

/**
 * Refuses names that could lead out of the folder that is being restored: names come from a repository that others
 * write.
 */
export function checkEntryName(name: string, path: string): void {
  if (
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.includes('/') ||
    name.includes('\0')
  ) {
    throw new KopiaError(
      'unsafe',
      `"${path}" has a name that cannot be a file's: it was not restored`,
      { place: { file: path } },
    );
  }
}
