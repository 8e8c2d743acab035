import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';

/** A claim that a restore fills in place. */
export interface NotedClaim {
  name: string;
  /** DataDownload that writes its data. */
  download?: string;
  oldVolume?: string;
  newVolume?: string;
}

/** What the engine notes on a Restore that fills claims in place. */
export interface InPlaceNote {
  stage: string;
  namespace: string;
  claims: NotedClaim[];
  /** Until when the volumes that the claims do not have are kept, RFC 3339. */
  undoUntil?: string;
  /** For how long volumes that were exchanged are kept. */
  undoSeconds?: number;
}

/**
 * The engine's note on a Restore that fills claims in place. Undefined on all
 * other restores, and where the note cannot be understood; claims that cannot
 * be understood are left out.
 */
export function inPlaceNote(restore: Restore): InPlaceNote | undefined {
  const text = restore.metadata.annotations?.[lifeboatAnnotations.inPlaceState];
  let note: { [field: string]: unknown } | null;
  try {
    note = JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
  const { stage, namespace, claims, undoUntil, undoSeconds } = note ?? {};
  if (typeof namespace !== 'string' || !Array.isArray(claims)) {
    return undefined;
  }
  return {
    stage: textOr(stage) ?? '',
    namespace,
    claims: claims.flatMap(claim =>
      typeof claim?.name === 'string'
        ? {
            name: claim.name,
            download: textOr(claim.download),
            oldVolume: textOr(claim.oldVolume),
            newVolume: textOr(claim.newVolume),
          }
        : [],
    ),
    ...(typeof undoUntil === 'string' &&
      !Number.isNaN(Date.parse(undoUntil)) && { undoUntil }),
    ...(Number.isSafeInteger(undoSeconds) &&
      Number(undoSeconds) >= 0 && { undoSeconds: Number(undoSeconds) }),
  };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
