/** On a Backup or Restore: somebody wants the run to end; the value says who. */
export const cancelAnnotation = 'lifeboat.dev/cancel-requested';

/** A run was ended before its time, for the reason in the message. */
export class RunEndedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RunEndedError';
  }
}

/** Who asked for the run to end, if anybody did. */
export function cancelRequest(object: {
  metadata: { annotations?: { [key: string]: string } };
}): string | undefined {
  const value = object.metadata.annotations?.[cancelAnnotation];
  return value === undefined ? undefined : value.trim() || 'somebody';
}
