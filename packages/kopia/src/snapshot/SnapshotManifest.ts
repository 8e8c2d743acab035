import { DirectoryEntry } from './DirectoryEntry';

/** Whose data a snapshot holds. @public */
export interface SnapshotSource {
  readonly host: string;
  readonly userName: string;
  readonly path: string;
}

/** Counts of one run, informative (Kopia: snapshot statistics). @public */
export interface SnapshotStats {
  readonly totalSize: number;
  readonly excludedTotalSize: number;
  readonly fileCount: number;
  readonly cachedFiles: number;
  readonly nonCachedFiles: number;
  readonly dirCount: number;
  readonly excludedFileCount: number;
  readonly excludedDirCount: number;
  readonly ignoredErrorCount: number;
  readonly errorCount: number;
}

/** A snapshot as stored. @public */
export interface SnapshotManifest {
  /** ID of the manifest; stored empty, filled in on reading. */
  readonly id: string;
  readonly source: SnapshotSource;
  readonly description: string;
  /** RFC 3339. */
  readonly startTime: string;
  readonly endTime: string;
  readonly stats?: Partial<SnapshotStats>;
  /** Why it is not complete: `checkpoint`, `canceled`, `limit reached` …; absent for a complete one. */
  readonly incomplete?: string;
  readonly rootEntry?: DirectoryEntry;
  readonly tags?: Readonly<Record<string, string>>;
  readonly pins?: readonly string[];
}

/** No counts yet. */
export const zeroStats: SnapshotStats = {
  totalSize: 0,
  excludedTotalSize: 0,
  fileCount: 0,
  cachedFiles: 0,
  nonCachedFiles: 0,
  dirCount: 0,
  excludedFileCount: 0,
  excludedDirCount: 0,
  ignoredErrorCount: 0,
  errorCount: 0,
};

/** The labels that all snapshots of a source have. */
export function sourceLabels({
  host,
  userName,
  path,
}: SnapshotSource): Record<string, string> {
  return { type: 'snapshot', hostname: host, username: userName, path };
}
