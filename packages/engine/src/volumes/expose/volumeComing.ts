import type { Claim } from './storageObjects';
import { selectedNodeAnnotation } from './temporaryClaim';
import type { Waiting } from './Waiting';

/** Longer than this a pod does not wait to be made: it says itself what is wrong. */
const longestMs = 5_000;

/** Claims are watched; this is for the end of the time. */
const againMs = 1_000;

/**
 * What a pod should wait for before it is made: the volume of a claim that gets one without it. A scheduler looks only once a second
 * whether a claim has its volume, and begins anew when the claim changes under it.
 *
 * @param now - milliseconds since 1970; what the API server's clock is behind or ahead only costs the advantage
 */
export function volumeComing(claim: Claim, now: number): Waiting | undefined {
  const comes =
    claim.metadata.annotations?.[selectedNodeAnnotation] !== undefined;
  const age = now - Date.parse(claim.metadata.creationTimestamp ?? '');
  // Times of the API server are whole seconds, rounded down.
  const isYoung = age > -1_000 && age < longestMs;
  return comes && isYoung && claim.status?.phase !== 'Bound'
    ? {
        waitingFor: `PersistentVolumeClaim ${claim.metadata.name} gets its volume`,
        againMs,
      }
    : undefined;
}
