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
  /** Backups only: bytes that the repository did not hold before. */
  incrementalBytes?: number;
  files?: number;
  /** For people: why it failed, and what to do. */
  message?: string;
}

/** Kubernetes cuts termination messages off here. */
const limitBytes = 4096;

/** The termination message for a result; a message that is too long is shortened. @public */
export function writeMoverResult(result: MoverResult): string {
  const text = JSON.stringify(result);
  const excess = Buffer.byteLength(text) - limitBytes;
  if (excess <= 0 || !result.message) return text;
  return writeMoverResult({
    ...result,
    message: `${[...result.message]
      .slice(0, Math.max(0, [...result.message].length - excess - 8))
      .join('')} …`,
  });
}

/** Reads a termination message; undefined when a mover did not write it. @public */
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
