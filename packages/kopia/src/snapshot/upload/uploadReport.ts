import { EntryError } from '../DirectoryEntry';
import { AttributeCounts } from './countAttributes';

/** Progress of an upload. Byte counts are of the tree's own bytes, except `uploadedBytes`. @public */
export interface UploadProgress {
  readonly files: number;
  readonly directories: number;
  /** Files taken over from an earlier snapshot. */
  readonly cachedFiles: number;
  readonly cachedBytes: number;
  /** Bytes read and hashed. */
  readonly hashedBytes: number;
  /** Bytes of packs and indexes handed to the storage. */
  readonly uploadedBytes: number;
  readonly excludedFiles: number;
  readonly excludedDirectories: number;
  readonly errors: number;
}

/** What the snapshot format cannot hold, and how often it was met. @public */
export interface LostMetadata {
  /** Files with more than one name; each name is stored as a file of its own. */
  hardLinks: number;
  /** Files with holes; the holes are stored as zeros, which deduplicate. */
  sparseFiles: number;
  /** Sockets, FIFOs and devices: left out. */
  specialFiles: number;
}

/** {@link LostMetadata} with what another program had to count. @public */
export interface ReportedLostMetadata extends LostMetadata {
  readonly attributes: AttributeCounts;
}

/** Result of an upload besides the snapshot. @public */
export interface UploadReport {
  /** Entries that could not be stored, all of them. */
  readonly errors: readonly EntryError[];
  /** Names that are not UTF-8 and are stored with replacement characters. */
  readonly invalidNames: readonly string[];
  /** Names that became the same name by that replacement: one of them cannot be restored. */
  readonly collidingNames: readonly string[];
  /** Files whose size changed while they were read. */
  readonly changedFiles: readonly string[];
  readonly lost: ReportedLostMetadata;
  readonly progress: UploadProgress;
  /** Whether everything is in the snapshot under its own name. */
  readonly complete: boolean;
}
