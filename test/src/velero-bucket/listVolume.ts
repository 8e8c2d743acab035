import { createHash } from 'node:crypto';
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';

/** One entry of a volume; the fields of the fixture's own listings that a restore must bring back. */
export interface VolumeEntry {
  path: string;
  type: 'dir' | 'file' | 'link' | 'other';
  mode?: string;
  uid: number;
  gid: number;
  size?: number;
  sha256?: string;
  target?: string;
}

/** Everything in a folder, the folder itself included as `.`, by path. */
export function listVolume(folder: string): VolumeEntry[] {
  const root = realpathSync(folder);
  return ['.', ...namesBelow(root, '')]
    .map(name => entryOf(root, name))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** The listing of a volume in the fixture, without times: which of them survive depends on the storage driver. */
export function readListing(file: string): VolumeEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => {
      // Times in nanoseconds do not fit into a number.
      const { mtimeNs: _, ...entry } = JSON.parse(line) as VolumeEntry & {
        mtimeNs: number;
      };
      return entry;
    })
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Node's own recursion would follow links. */
function namesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(
    entry => {
      const name = path.join(folder, entry.name);
      return entry.isDirectory() ? [name, ...namesBelow(root, name)] : [name];
    },
  );
}

function entryOf(folder: string, name: string): VolumeEntry {
  const file = path.join(folder, name);
  const stats = lstatSync(file);
  const type = typeOf(stats);
  return {
    path: name,
    type,
    ...(type !== 'link' && {
      mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    }),
    uid: stats.uid,
    gid: stats.gid,
    ...(type === 'file' && {
      size: stats.size,
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    }),
    ...(type === 'link' && { target: readlinkSync(file) }),
  };
}

function typeOf(stats: Stats): VolumeEntry['type'] {
  if (stats.isDirectory()) return 'dir';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'other';
}
