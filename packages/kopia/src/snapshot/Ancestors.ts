import { corrupt } from '../errors';
import { DirectoryEntry } from './DirectoryEntry';

/** The directories on the way from the root to a directory, itself included. */
export interface Ancestors {
  readonly object: string;
  readonly depth: number;
  readonly above?: Ancestors;
}

const deepest = 2000;

/**
 * Steps into a directory. Throws `corrupt` when it lies within itself: directories are named by hashes of what is in
 * them, but whoever has the password can write anything under any name.
 */
export function enterDirectory(
  { obj }: DirectoryEntry,
  path: string,
  above?: Ancestors,
): Ancestors {
  for (let at = above; at; at = at.above) {
    if (at.object === obj)
      throw corrupt(`Directory ${obj} contains itself`, {
        object: obj,
        file: path,
      });
  }
  const depth = (above?.depth ?? 0) + 1;
  if (depth > deepest)
    throw corrupt(
      `The snapshot has more than ${deepest} directories within each other`,
      { object: obj },
    );
  return { object: obj, depth, above };
}
