import type { Restore } from '@lifeboat/velero-api';
import { inPlaceNote } from './inPlaceNote';

/** A claim of the application. */
export interface StagedClaim {
  pvc: string;
  namespace: string;
}

/**
 * The claims that a restore fills in place, by the DataDownload that writes
 * the data of each: it goes into a claim of the control namespace first, and
 * the application's claim gets that volume afterwards. Empty for all other
 * restores, and where the engine's note cannot be understood.
 */
export function stagedClaims(restore: Restore): Map<string, StagedClaim> {
  const note = inPlaceNote(restore);
  return new Map(
    note?.claims.flatMap(({ name, download }) =>
      download === undefined
        ? []
        : [[download, { pvc: name, namespace: note.namespace }]],
    ),
  );
}
