/** Counts of everything below a directory. @public */
export interface DirectorySummary {
  /** Bytes of all files. */
  readonly size: number;
  readonly files: number;
  readonly symlinks: number;
  /** Directories, this one included. */
  readonly dirs: number;
  /** Latest modification of any entry below, RFC 3339. */
  readonly maxTime: string;
  readonly incomplete?: string;
  readonly numFailed: number;
  readonly numIgnoredErrors?: number;
  readonly errors?: readonly EntryError[] | null;
}

/** An entry that could not be stored. @public */
export interface EntryError {
  /** Relative to the snapshot's root. */
  readonly path: string;
  readonly error: string;
}

/** A file, directory or symbolic link in a snapshot. @public */
export interface DirectoryEntry {
  readonly name: string;
  /** `d`, `f` or `s`; anything else is an entry of a kind that this package does not know. */
  readonly type: string;
  /** Permission bits in Go's layout, octal with a leading 0; see {@link fromGoMode}. */
  readonly mode?: string;
  /** Bytes of a file, length of a link's target. */
  readonly size?: number;
  /** RFC 3339; absent for the epoch. */
  readonly mtime?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Object ID. */
  readonly obj: string;
  readonly summ?: DirectorySummary;
}

const goSetuid = 0o40000000;
const goSetgid = 0o20000000;
const goSticky = 0o4000000;

/** Unix permission bits (with setuid, setgid, sticky) as a snapshot stores them. */
export function toGoMode(mode: number): string {
  let bits = mode & 0o777;
  if (mode & 0o4000) bits |= goSetuid;
  if (mode & 0o2000) bits |= goSetgid;
  if (mode & 0o1000) bits |= goSticky;
  return `0${bits.toString(8)}`;
}

/** The reverse of {@link toGoMode}; an absent mode is 0. */
export function fromGoMode(text: string | undefined): number {
  const bits = text ? parseInt(text, 8) || 0 : 0;
  return (
    (bits & 0o777) |
    (bits & goSetuid ? 0o4000 : 0) |
    (bits & goSetgid ? 0o2000 : 0) |
    (bits & goSticky ? 0o1000 : 0)
  );
}
