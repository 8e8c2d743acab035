/** Where a content is, as an index says. */
export interface ContentEntry {
  readonly id: string;
  /** Seconds since 1970 of the writing or deleting; newer entries win. */
  readonly timestamp: number;
  readonly deleted: boolean;
  readonly pack: string;
  readonly offset: number;
  readonly packedLength: number;
  readonly originalLength: number;
  /** Header ID of the compressor, 0 for none. */
  readonly compression: number;
  readonly formatVersion: number;
}

/**
 * Whether entry `a` replaces `b` of the same content (Kopia: merged index): later first, then not deleted, then the
 * larger pack name.
 */
export function replaces(a: ContentEntry, b: ContentEntry): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  if (a.deleted !== b.deleted) return !a.deleted;
  return a.pack > b.pack;
}

/** The timestamp of a change made now: never before the entry that it replaces. */
export function nextTimestamp(
  nowMs: number,
  previous: ContentEntry | undefined,
): number {
  return Math.max(
    Math.floor(nowMs / 1000),
    previous ? previous.timestamp + 1 : 0,
  );
}
