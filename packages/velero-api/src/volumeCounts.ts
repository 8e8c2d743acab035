import { lifeboatAnnotations } from './labels';
import type { ObjectMeta } from './meta/ObjectMeta';

/**
 * The volumes of a backup: what a list says about them without reading storage.
 *
 * @public
 */
export interface VolumeCounts {
  /** Volumes of the objects in the backup. */
  count: number;
  /** Those whose data is in the backup. */
  included: number;
}

/**
 * The annotation that carries the counts, to be put on a Backup.
 *
 * @public
 */
export function writeVolumeCounts(
  counts: VolumeCounts,
): Record<string, string> {
  return { [lifeboatAnnotations.volumes]: JSON.stringify(counts) };
}

/**
 * The counts that a Backup carries. Undefined when it carries none that can be
 * true: then nothing is known.
 *
 * @public
 */
export function readVolumeCounts(object: {
  metadata?: Pick<ObjectMeta, 'annotations'>;
}): VolumeCounts | undefined {
  try {
    const { count, included } = JSON.parse(
      object.metadata?.annotations?.[lifeboatAnnotations.volumes] ?? '{}',
    ) as Partial<VolumeCounts>;
    return isCount(count) && isCount(included) && included <= count
      ? { count, included }
      : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
