import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';

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
  const staged = new Map<string, StagedClaim>();
  const text = restore.metadata.annotations?.[lifeboatAnnotations.inPlaceState];
  let state: {
    namespace?: unknown;
    claims?: { name?: unknown; download?: unknown }[];
  } | null;
  try {
    state = JSON.parse(text ?? 'null');
  } catch {
    return staged;
  }
  const namespace = state?.namespace;
  const claims = state?.claims;
  if (typeof namespace !== 'string' || !Array.isArray(claims)) {
    return staged;
  }
  for (const claim of claims) {
    if (typeof claim?.name === 'string' && typeof claim.download === 'string') {
      staged.set(claim.download, { pvc: claim.name, namespace });
    }
  }
  return staged;
}
