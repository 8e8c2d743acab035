import type { RestoreUndo } from '@lifeboat/backstage-plugin-backup-common';
import {
  isTerminalRestorePhase,
  lifeboatAnnotations,
  type Restore,
} from '@lifeboat/velero-api';
import { type InPlaceNote, inPlaceNote } from './inPlaceNote';

/** What the engine says in the annotation once it has looked at a request. */
const answers = ['done', 'refused', 'failed'] as const;

/**
 * Whether the claims that a restore filled in place can have their old volumes
 * back, and what became of asking for that. Undefined for restores that gave no
 * claim another volume. Pure: whether the volumes are really there is for the
 * engine to see.
 */
export function restoreUndo(
  restore: Restore,
  now: Date,
): RestoreUndo | undefined {
  const { metadata, status } = restore;
  const note = inPlaceNote(restore);
  const said = metadata.annotations?.[lifeboatAnnotations.undo];
  const message = metadata.annotations?.[lifeboatAnnotations.undoMessage];
  if (
    !note ||
    note.claims.length === 0 ||
    !isTerminalRestorePhase(status?.phase)
  ) {
    return undefined;
  }
  const state = stateOf(note, said, now);
  return (
    state && {
      state,
      possible:
        note.stage === 'done' &&
        !isUnderWay(state) &&
        !isOver(note, now) &&
        metadata.deletionTimestamp === undefined,
      claims: note.claims.map(({ name }) => name),
      ...(note.undoUntil && { until: note.undoUntil }),
      ...(note.undoSeconds !== undefined && { keptSeconds: note.undoSeconds }),
      ...(message && answers.some(each => each === state) && { message }),
    }
  );
}

/** Whether the engine is about to exchange volumes, or does so. */
export function isUnderWay(state: RestoreUndo['state']): boolean {
  return state === 'requested' || state === 'running';
}

function stateOf(
  note: InPlaceNote,
  said: string | undefined,
  now: Date,
): RestoreUndo['state'] | undefined {
  if (note.stage === 'undoing') {
    return 'running';
  }
  if (note.stage === 'undone') {
    // Without a request it is a restore that changed no volume.
    return said === 'requested' ? said : answers.find(each => each === said);
  }
  if (note.stage !== 'done') {
    return undefined;
  }
  const isAnswered = said === 'refused' || said === 'failed';
  if (isAnswered || said === 'requested' || said === 'running') {
    return said;
  }
  return isOver(note, now) ? 'expired' : 'available';
}

function isOver({ undoUntil }: InPlaceNote, now: Date): boolean {
  return undoUntil !== undefined && Date.parse(undoUntil) <= now.getTime();
}
