import type { EntityCall } from './EntityCall';

/** On a Backup or Restore: who wants it to stop. The engine ends the run with the reason "Canceled by …". */
export const cancelAnnotation = 'lifeboat.dev/cancel-requested';

/** The merge patch that asks the engine to stop a run. */
export function cancellationBy({ grant }: EntityCall) {
  return { metadata: { annotations: { [cancelAnnotation]: grant.user } } };
}
