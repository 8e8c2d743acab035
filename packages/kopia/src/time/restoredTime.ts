const nanosecondsOfSecond = 1_000_000_000n;

/** The microseconds of a time, rounded down. */
function microseconds(nanoseconds: bigint): bigint {
  const whole = nanoseconds / 1000n;
  return nanoseconds % 1000n < 0n ? whole - 1n : whole;
}

/**
 * Node takes times as floating-point seconds, which lie 0.24 µs apart in this century and 0.48 µs in the next. Half a
 * microsecond more keeps the microseconds themselves from being lost to rounding.
 */
function seconds(nanoseconds: bigint): number {
  return (Number(microseconds(nanoseconds)) + 0.5) / 1e6;
}

/**
 * A time as Node's `utimes` and its like take it, so that the file has the time to the microsecond.
 *
 * @param nanoseconds - since 1970
 */
export function restorableTime(nanoseconds: bigint): number | string {
  const time = seconds(nanoseconds);
  // Node takes a negative number for "now", but not the text of one.
  return time < 0 ? String(time) : time;
}

/**
 * Whether a file has the time that a restore of ours gave it: the earlier time cut to microseconds, with the
 * nanoseconds that Node's conversion of {@link restorableTime} adds, or without, as releases of Node before 24 and
 * file systems that hold no more than microseconds leave it.
 *
 * @param earlier - nanoseconds since 1970, as stored
 * @param present - nanoseconds since 1970, as the file has it
 */
export function isRestoredTime(earlier: bigint, present: bigint): boolean {
  const cut = microseconds(earlier);
  if (microseconds(present) !== cut) return false;
  if (present === cut * 1000n) return true;
  // The arithmetic of libuv (uv__fs_to_timespec).
  const time = seconds(earlier);
  const whole = Math.trunc(time);
  const rest = Math.trunc((time - whole) * 1e9);
  return present === BigInt(whole) * nanosecondsOfSecond + BigInt(rest);
}
