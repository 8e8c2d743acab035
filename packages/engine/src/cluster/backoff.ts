/** Bounds of an exponential back-off, in milliseconds. */
export interface BackoffBounds {
  firstMs: number;
  maxMs: number;
}

/**
 * The wait before attempt `failures + 1`: doubles from `firstMs` to `maxMs`,
 * then between half and all of it at random, so that many clients spread out.
 *
 * @param random - a number from 0 (inclusive) to 1
 */
export function backoffMs(
  failures: number,
  bounds: BackoffBounds,
  random: () => number = Math.random,
): number {
  const full = Math.min(
    bounds.maxMs,
    bounds.firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 30),
  );
  return Math.round(full / 2 + (full / 2) * random());
}
