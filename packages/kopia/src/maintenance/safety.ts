const hour = 3600 * 1000;

/** Delays that keep clean-up from what other clients may still need; all in milliseconds (Kopia: safety parameters). */
export interface SafetyParameters {
  readonly packDeleteMinAge: number;
  readonly dropContentExtraMargin: number;
  readonly marginBetweenSnapshotGc: number;
  readonly minContentAgeForGc: number;
  readonly rewriteMinAge: number;
  readonly sessionExpirationAge: number;
  readonly requireTwoGcCycles: boolean;
  readonly minRewriteToPackDeletionDelay: number;
}

/** `full` is always safe. `none` is for a repository that nobody else uses at all. */
export const safetyParameters: Readonly<
  Record<'full' | 'none', SafetyParameters>
> = {
  full: {
    packDeleteMinAge: 24 * hour,
    dropContentExtraMargin: hour,
    marginBetweenSnapshotGc: 4 * hour,
    minContentAgeForGc: 24 * hour,
    rewriteMinAge: 2 * hour,
    sessionExpirationAge: 96 * hour,
    requireTwoGcCycles: true,
    minRewriteToPackDeletionDelay: hour,
  },
  none: {
    packDeleteMinAge: 0,
    dropContentExtraMargin: 0,
    marginBetweenSnapshotGc: 0,
    minContentAgeForGc: 0,
    rewriteMinAge: 0,
    sessionExpirationAge: 0,
    requireTwoGcCycles: false,
    minRewriteToPackDeletionDelay: 0,
  },
};
