/**
 * Annotation of data-path resources with all that is known of a running mover's progress.
 *
 * @public
 */
export const progressAnnotation = 'lifeboat.dev/progress';

/**
 * Progress beyond `status.progress`, as JSON in the annotation `lifeboat.dev/progress`: installed CRDs of Velero prune
 * status fields that they do not know.
 *
 * @public
 */
export interface MoverProgress {
  bytesPerSecond: number;
  /** Missing until both the size and the speed are known. */
  secondsLeft?: number;
  filesDone: number;
  filesTotal?: number;
  /** Backups: bytes read from the volume. */
  bytesHashed?: number;
  /** Backups: bytes of files that have not changed since the last backup, and were not read. */
  bytesCached?: number;
  /** Backups: bytes sent to the storage, compressed and without what it held already. */
  bytesUploaded?: number;
  /** ISO 8601. */
  updatedAt: string;
}

/**
 * Reads the annotation of a resource; undefined when it is missing or no progress.
 *
 * @public
 */
export function readMoverProgress(
  annotations: Readonly<Record<string, string>> | undefined,
): MoverProgress | undefined {
  const text = annotations?.[progressAnnotation];
  if (!text) return undefined;
  try {
    const value = JSON.parse(text) as MoverProgress | null;
    return typeof value?.bytesPerSecond === 'number' &&
      typeof value.filesDone === 'number' &&
      typeof value.updatedAt === 'string'
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
