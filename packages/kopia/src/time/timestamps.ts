import { corrupt } from '../errors';

// Go prints times with up to nine digits of a second and drops trailing zeros; Date holds milliseconds only.
const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Nanoseconds since 1970 of an RFC 3339 time. Throws `corrupt` on anything else.
 *
 * @example
 * ```ts
 * parseTimestamp('2024-01-02T03:04:05.678901234Z'); // 1704164645678901234n
 * ```
 */
export function parseTimestamp(text: string): bigint {
  const match = pattern.exec(text);
  if (!match) throw corrupt(`"${String(text).slice(0, 40)}" is not a time`);
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  let milliseconds = date.getTime();
  if (zone !== 'Z') {
    const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
    milliseconds -= (zone[0] === '-' ? -minutes : minutes) * 60_000;
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

let lastSecond = Number.NaN;
let lastText = '';

/** Go's zero time, as its JSON shows it. */
export const zeroTime = '0001-01-01T00:00:00Z';

const earliest = parseTimestamp(zeroTime);
const latest = parseTimestamp('9999-12-31T23:59:59.999999999Z');

/**
 * RFC 3339 in UTC as Go prints it: nanoseconds without trailing zeros. Times that RFC 3339 cannot name become the
 * nearest that it can: Kopia reads no snapshot in which one has another form, and then takes its data for unused.
 */
export function formatTimestamp(time: bigint): string {
  const notEarlier = time < earliest ? earliest : time;
  const nanoseconds = notEarlier > latest ? latest : notEarlier;
  let seconds = nanoseconds / 1_000_000_000n;
  let rest = nanoseconds % 1_000_000_000n;
  if (rest < 0n) {
    rest += 1_000_000_000n;
    seconds -= 1n;
  }
  const wholeSeconds = Number(seconds);
  if (wholeSeconds !== lastSecond) {
    lastText = new Date(wholeSeconds * 1000).toISOString().slice(0, -5);
    lastSecond = wholeSeconds;
  }
  if (rest === 0n) return `${lastText}Z`;
  const digits = String(rest).padStart(9, '0').replace(/0+$/, '');
  return `${lastText}.${digits}Z`;
}

/** RFC 3339 of a clock's milliseconds. */
export function formatMilliseconds(milliseconds: number): string {
  return formatTimestamp(BigInt(Math.trunc(milliseconds)) * 1_000_000n);
}

/** Milliseconds since 1970, rounded down. */
export function toMilliseconds(text: string): number {
  return Number(parseTimestamp(text) / 1_000_000n);
}
