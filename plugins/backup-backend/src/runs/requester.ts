import { lifeboatAnnotations, type ObjectMeta } from '@lifeboat/velero-api';

/** Entity ref of who asked for a run: a hint for display. */
export function requesterOf(metadata: ObjectMeta): string | undefined {
  return metadata.annotations?.[lifeboatAnnotations.requestedBy] || undefined;
}
