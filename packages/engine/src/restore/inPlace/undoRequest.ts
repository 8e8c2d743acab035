import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';

/** What has become of a request. */
export type UndoState = 'running' | 'done' | 'refused' | 'failed';

/** Whether somebody asks for the old volumes. */
export function wantsUndo({ metadata }: Restore): boolean {
  return metadata.annotations?.[lifeboatAnnotations.undo] === 'requested';
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
        [lifeboatAnnotations.undo]: state,
        [lifeboatAnnotations.undoMessage]: message,
      },
    },
  };
}
