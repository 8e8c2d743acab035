import type { Restore } from '@lifeboat/velero-api';

/**
 * On a Restore that gave claims new volumes: `requested` asks for the old ones. The engine says in it what has become of that:
 * `running`, `done`, `refused` or `failed`.
 */
export const undoAnnotation = 'lifeboat.dev/undo';

/** On such a Restore: the same for people. */
export const undoMessageAnnotation = 'lifeboat.dev/undo-message';

/** What has become of a request. */
export type UndoState = 'running' | 'done' | 'refused' | 'failed';

/** Whether somebody asks for the old volumes. */
export function wantsUndo({ metadata }: Restore): boolean {
  return metadata.annotations?.[undoAnnotation] === 'requested';
}

/** A Restore that says what has become of the request. */
export function withUndoState(
  restore: Restore,
  state: UndoState,
  message: string,
): Restore {
  return {
    ...restore,
    metadata: {
      ...restore.metadata,
      annotations: {
        ...restore.metadata.annotations,
        [undoAnnotation]: state,
        [undoMessageAnnotation]: message,
      },
    },
  };
}
