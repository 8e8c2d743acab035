import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';
import { inPlaceNote } from '../runs/inPlaceNote';
import { isUnderWay, restoreUndo } from '../runs/restoreUndo';

/**
 * Why nobody may ask for the volumes from before a restore, in words for users;
 * undefined when one may. The engine looks once more, at the volumes too.
 *
 * @param inFlight - names of restores into the same namespace that have not ended
 * @param others - the other restores of the same entity
 */
export function whyNotUndone(
  restore: Restore,
  facts: { inFlight: string[]; others: Restore[]; now: Date },
): string | undefined {
  const name = restore.metadata.name ?? '';
  const { now, others, inFlight } = facts;
  const undo = restoreUndo(restore, now);
  if (!undo || restore.metadata.deletionTimestamp) {
    return `There is nothing to undo: restore "${name}" gave no volume claim another volume`;
  }
  if (isUnderWay(undo.state)) {
    return `Restore "${name}" is being undone already`;
  }
  if (inPlaceNote(restore)?.stage === 'undone') {
    return `Restore "${name}" has been undone already`;
  }
  if (!undo.possible) {
    return `The time to undo restore "${name}" is over: the volumes from before it were kept until ${undo.until}`;
  }
  const busy = others.find(other => {
    const state = restoreUndo(other, now)?.state;
    return state !== undefined && isUnderWay(state);
  });
  if (busy) {
    return `Restore "${busy.metadata.name}" is being undone: wait until that has ended`;
  }
  if (inFlight.length > 0) {
    return `Restore "${inFlight[0]}" into the same namespace has not ended: wait until it has`;
  }
  const later = others.find(other => hasReplaced(other, restore));
  return (
    later &&
    `Restore "${later.metadata.name}" was made later: undo that one first`
  );
}

/** The patch that asks the engine, provided that nobody has changed the Restore meanwhile. */
export function undoRequest({ metadata }: Restore) {
  return {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      annotations: {
        [lifeboatAnnotations.undo]: 'requested',
        [lifeboatAnnotations.undoMessage]: null,
      },
    },
  };
}

/** Whether a restore put volumes in the place of those that another one had made. */
function hasReplaced(later: Restore, earlier: Restore): boolean {
  const made = new Set(
    inPlaceNote(earlier)?.claims.flatMap(({ newVolume }) => newVolume ?? []),
  );
  const note = inPlaceNote(later);
  return (
    note?.stage === 'done' &&
    note.claims.some(({ oldVolume }) => made.has(oldVolume ?? ''))
  );
}
