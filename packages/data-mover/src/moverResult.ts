/**
 * How a mover ended. The mover writes it as JSON to its container's termination message, which outlives the process and
 * needs no rights in the cluster.
 * @public
 */
export interface MoverResult {
  outcome: 'completed' | 'failed' | 'canceled';
  /** Backups only: the manifest ID of the Kopia snapshot. */
  snapshotID?: string;
  /** Size of all that was read or written, in bytes. */
  totalBytes?: number;
  /** Backups only: bytes of new and changed files, as they are in the volume (Velero's meaning). */
  incrementalBytes?: number;
  /** Backups only: bytes that were sent to the storage, compressed and without what it held already. */
  uploadedBytes?: number;
  files?: number;
  /** For people: what a snapshot cannot hold, or a restore could not set. */
  warnings?: readonly string[];
  /** Maintenance only: what was due and done. */
  maintenance?: { mode: 'quick' | 'full' | 'none'; tasks: string[] };
  /** For people: why it failed, and what to do. */
  message?: string;
}

/** Annotation of data-path resources with the mover's result, for the case that its pod is lost. @public */
export const resultAnnotation = 'lifeboat.dev/mover-result';

/** Kubernetes cuts termination messages off here. */
const limitBytes = 4096;

/** The termination message for a result; a message that is too long is shortened. @public */
export function writeMoverResult(result: MoverResult): string {
  const text = JSON.stringify(result);
  const excess = Buffer.byteLength(text) - limitBytes;
  if (excess > 0 && result.warnings) {
    const { warnings: _, ...rest } = result;
    return writeMoverResult(rest);
  }
  if (excess <= 0 || !result.message) return text;
  const characters = [...result.message];
  // Quotes and control characters take up to six bytes in JSON: what is left is measured again.
  const kept = Math.max(0, characters.length - Math.ceil(excess / 6) - 8);
  if (kept === 0) return JSON.stringify({ ...result, message: '…' });
  return writeMoverResult({
    ...result,
    message: `${characters.slice(0, kept).join('')} …`,
  });
}

/** Reads a termination message or the annotation of that name; undefined when a mover did not write it. @public */
export function readMoverResult(
  text: string | undefined,
): MoverResult | undefined {
  if (!text) return undefined;
  try {
    const value = JSON.parse(text) as MoverResult;
    return ['completed', 'failed', 'canceled'].includes(value?.outcome)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
