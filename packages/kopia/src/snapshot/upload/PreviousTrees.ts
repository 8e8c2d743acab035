import { KopiaError } from '../../errors';
import type { Repository } from '../../Repository';
import { compareTimes } from '../../time/compareTimes';
import { isRestoredTime } from '../../time/restoredTime';
import { parseTimestamp } from '../../time/timestamps';
import { DirectoryEntry } from '../DirectoryEntry';
import { SnapshotManifest, SnapshotSource } from '../SnapshotManifest';
import { readDirectory, snapshotsOfSource } from '../snapshots';
import { SourceEntry } from './sourceFiles';

/**
 * Snapshots to compare with: the latest complete one and all incomplete ones after it, newest first (Kopia: previous
 * manifests).
 *
 * @param tags - only snapshots with these tags
 */
export function previousSnapshots(
  repository: Repository,
  source: SnapshotSource,
  tags: Readonly<Record<string, string>> = {},
): SnapshotManifest[] {
  const matching = snapshotsOfSource(repository, source).filter(snapshot =>
    Object.entries(tags).every(
      ([key, value]) => snapshot.tags?.[key] === value,
    ),
  );
  const complete = matching.find(({ incomplete }) => !incomplete);
  if (!complete) return matching;
  const after = matching.filter(
    ({ incomplete, startTime }) =>
      incomplete && compareTimes(startTime, complete.startTime) > 0,
  );
  return [complete, ...after];
}

function hasTime(
  { mtime, mtimeNs }: SourceEntry,
  earlier = '1970-01-01T00:00:00Z',
): boolean {
  if (earlier === mtime) return true;
  try {
    return isRestoredTime(parseTimestamp(earlier), mtimeNs);
  } catch {
    // Not a time: a damaged entry only makes work.
    return false;
  }
}

/** A directory as earlier snapshots have it. */
export class PreviousDirectories {
  static readonly none = new PreviousDirectories([]);

  private constructor(
    private readonly directories: readonly ReadonlyMap<
      string,
      DirectoryEntry
    >[],
  ) {}

  /** The root directories of snapshots. What cannot be read any more is left out: it only saves work. */
  static async roots(
    repository: Repository,
    snapshots: readonly SnapshotManifest[],
    signal?: AbortSignal,
  ) {
    return PreviousDirectories.read(
      repository,
      snapshots.flatMap(({ rootEntry }) => rootEntry ?? []),
      signal,
    );
  }

  private static async read(
    repository: Repository,
    entries: readonly DirectoryEntry[],
    signal?: AbortSignal,
  ) {
    const directories: Map<string, DirectoryEntry>[] = [];
    const seen = new Set<string>();
    for (const entry of entries) {
      if (entry.type !== 'd' || seen.has(entry.obj)) continue;
      seen.add(entry.obj);
      try {
        const children = await readDirectory(repository, entry, { signal });
        directories.push(new Map(children.map(child => [child.name, child])));
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof KopiaError)) throw error;
      }
    }
    return directories.length > 0
      ? new PreviousDirectories(directories)
      : PreviousDirectories.none;
  }

  /** The same sub-directory in all of them. */
  async child(
    repository: Repository,
    name: string,
    signal?: AbortSignal,
  ): Promise<PreviousDirectories> {
    const entries = this.directories.flatMap(
      children => children.get(name) ?? [],
    );
    return entries.length > 0
      ? PreviousDirectories.read(repository, entries, signal)
      : PreviousDirectories.none;
  }

  /**
   * An entry that is unchanged by its metadata: time, mode, owner, group and size. The time is equal to the nanosecond,
   * or it is what a restore of ours made of it: otherwise everything would be read again after a restore.
   */
  unchanged(entry: SourceEntry): DirectoryEntry | undefined {
    for (const children of this.directories) {
      const found = children.get(entry.name);
      if (
        found &&
        found.type === entry.kind &&
        (found.size ?? 0) === entry.size &&
        (found.mode ?? '00') === entry.mode &&
        (found.uid ?? 0) === entry.uid &&
        (found.gid ?? 0) === entry.gid &&
        hasTime(entry, found.mtime)
      ) {
        return found;
      }
    }
    return undefined;
  }
}
