import { formatTimestamp, parseTimestamp } from '../../time/timestamps';
import { compareUtf8, formatDirectory, sortEntries } from '../directoryJson';
import {
  DirectoryEntry,
  DirectorySummary,
  EntryError,
} from '../DirectoryEntry';

/** Errors that a summary keeps, the first by path. */
const keptErrors = 10;

/** Compares names as bytes: lone surrogates stand for single bytes that are not UTF-8. */
function nameBytes(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of name) {
    const unit = character.charCodeAt(0);
    parts.push(
      character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff
        ? Buffer.from([unit - 0xdc00])
        : Buffer.from(character),
    );
  }
  return Buffer.concat(parts);
}

/** Collects the entries of a directory and their summary (Kopia: directory manifest builder). */
export class DirectoryBuilder {
  private readonly entries: DirectoryEntry[] = [];
  private failures: EntryError[] = [];
  private size = 0;
  private files = 0;
  private symlinks = 0;
  private dirs = 0;
  private numFailed = 0;
  private numIgnored = 0;
  private latest = 0n;
  private irregularNames = false;

  /** @param mtimeNs - the entry's modification time, if it is at hand as a number */
  add(entry: DirectoryEntry, mtimeNs?: bigint): void {
    this.entries.push(entry);
    const time = mtimeNs ?? (entry.mtime ? parseTimestamp(entry.mtime) : 0n);
    if (time > this.latest) this.latest = time;
    if (entry.type === 's') this.symlinks += 1;
    if (entry.type === 'f') {
      this.files += 1;
      this.size += entry.size ?? 0;
    }
    const { summ } = entry;
    if (entry.type !== 'd' || !summ) return;
    this.files += summ.files;
    this.size += summ.size;
    this.dirs += summ.dirs;
    this.symlinks += summ.symlinks;
    this.numFailed += summ.numFailed;
    this.numIgnored += summ.numIgnoredErrors ?? 0;
    this.failures.push(...(summ.errors ?? []));
    const below = parseTimestamp(summ.maxTime);
    if (below > this.latest) this.latest = below;
  }

  /** Notes a name that cannot be compared as text. */
  addIrregular(entry: DirectoryEntry, mtimeNs?: bigint): void {
    this.irregularNames = true;
    this.add(entry, mtimeNs);
  }

  fail(path: string, error: string, ignored: boolean): void {
    if (ignored) this.numIgnored += 1;
    else this.numFailed += 1;
    this.failures.push({ path, error });
  }

  /** A copy to which a checkpoint can add. */
  clone(): DirectoryBuilder {
    const copy = new DirectoryBuilder();
    for (const entry of this.entries) copy.add(entry);
    // Errors of sub-directories came with their summaries; add only this directory's own.
    copy.failures = [...this.failures];
    copy.numFailed = this.numFailed;
    copy.numIgnored = this.numIgnored;
    copy.irregularNames = this.irregularNames;
    return copy;
  }

  /**
   * The directory object and its summary.
   *
   * @param mtime - of the directory itself; counts only for an empty one
   */
  build(
    mtime: string,
    incomplete?: string,
  ): { data: Buffer; summary: DirectorySummary } {
    this.failures.sort((a, b) => compareUtf8(a.path, b.path));
    const summary: DirectorySummary = {
      size: this.size,
      files: this.files,
      symlinks: this.symlinks,
      dirs: this.dirs + 1,
      maxTime: this.entries.length > 0 ? formatTimestamp(this.latest) : mtime,
      ...(incomplete && { incomplete }),
      numFailed: this.numFailed,
      ...(this.numIgnored && { numIgnoredErrors: this.numIgnored }),
      ...(this.failures.length > 0 && {
        errors: this.failures.slice(0, keptErrors),
      }),
    };
    return { data: formatDirectory(this.sorted(), summary), summary };
  }

  private sorted(): DirectoryEntry[] {
    if (!this.irregularNames) return sortEntries(this.entries);
    const keyed = this.entries.map(entry => ({
      entry,
      bytes: nameBytes(entry.name),
      last: entry.type !== 'd',
    }));
    keyed.sort(
      (a, b) =>
        Number(a.last) - Number(b.last) || Buffer.compare(a.bytes, b.bytes),
    );
    return keyed.map(({ entry }) => entry);
  }
}
