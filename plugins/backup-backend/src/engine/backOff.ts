const firstMs = 1_000;
const longestMs = 60_000;

/** Delay before the nth restart in a row: 1 s, 2 s, 4 s … at most a minute. */
export function backOffMs(restartsInARow: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, restartsInARow - 1));
}
