import type { InPlaceClaim } from './InPlaceState';

/** Works on all claims beside each other, each to its end; then the first failure is thrown. */
export async function forEachClaim(
  claims: readonly InPlaceClaim[],
  work: (claim: InPlaceClaim) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(claims.map(work));
  const failed = results.find(
    (result): result is PromiseRejectedResult => result.status === 'rejected',
  );
  if (failed) {
    throw failed.reason;
  }
}
