import { realpathSync } from 'node:fs';

/** A path inside a container, and the real folder or file behind it. */
export interface MountedPath {
  inside: string;
  real: string;
  /** Links below it are followed: for host paths, where the volumes of pods are links. */
  followed?: boolean;
}

/**
 * The real path behind a path of a container; other words stay as they are. Also the value of `--flag=/path`.
 * The longest mounted path wins.
 */
export function realPathOf(word: string, mounted: MountedPath[]): string {
  const flag = /^(--?[\w.-]+=)(\/.*)$/.exec(word);
  if (flag) return flag[1] + realPathOf(flag[2], mounted);
  let found: MountedPath | undefined;
  for (const each of mounted) {
    const inside = each.inside.replace(/\/+$/, '');
    const below = word === inside || word.startsWith(`${inside}/`);
    if (below && inside.length > (found?.inside.length ?? 0)) {
      found = { ...each, inside };
    }
  }
  if (!found) return word;
  const path = found.real + word.slice(found.inside.length);
  return found.followed ? withoutLinks(path) : path;
}

function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
