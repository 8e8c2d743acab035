import { parseTimestamp } from './timestamps';

/** Compares two RFC 3339 times as instants: their texts have fractions of different lengths. */
export function compareTimes(a: string, b: string): number {
  const difference = parseTimestamp(a) - parseTimestamp(b);
  return difference < 0n ? -1 : Number(difference > 0n);
}
