const unitMilliseconds: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Reads a Go duration such as `720h0m0s`, `1h30m`, `1.5h`, `0`.
 *
 * @returns Milliseconds, with fractions where the text has smaller units.
 * @throws Error if the text is not a duration. The message says what is allowed.
 *
 * @public
 */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') {
    return 0;
  }
  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < rest.length) {
    const start = part.lastIndex;
    const match = part.exec(rest);
    if (!match) {
      part.lastIndex = start;
      break;
    }
    total += Number(match[1]) * unitMilliseconds[match[2]];
  }
  if (rest === '' || part.lastIndex < rest.length) {
    throw new Error(
      `"${text}" is not a duration: write numbers with the units h, m, s or ms, such as 720h, 1h30m or 90s`,
    );
  }
  return sign * total;
}

/**
 * Like {@link parseDuration}, but gives a default for an absent or empty text.
 *
 * @public
 */
export function parseDurationOr(
  text: string | undefined,
  defaultMilliseconds: number,
): number {
  return text ? parseDuration(text) : defaultMilliseconds;
}

/**
 * Writes milliseconds as Go does: `720h0m0s`, `10m0s`, `1.5s`, `100ms`, `0s`.
 *
 * @public
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) {
    throw new Error(`${milliseconds} is not a duration`);
  }
  const sign = milliseconds < 0 ? '-' : '';
  const nanoseconds = BigInt(Math.round(Math.abs(milliseconds) * 1e6));
  if (nanoseconds === 0n) {
    return '0s';
  }
  if (nanoseconds < 1_000n) {
    return `${sign}${nanoseconds}ns`;
  }
  if (nanoseconds < 1_000_000n) {
    return `${sign}${decimal(nanoseconds, 1_000n)}µs`;
  }
  if (nanoseconds < 1_000_000_000n) {
    return `${sign}${decimal(nanoseconds, 1_000_000n)}ms`;
  }
  const minute = 60_000_000_000n;
  const hours = nanoseconds / (60n * minute);
  const minutes = (nanoseconds / minute) % 60n;
  const seconds = decimal(nanoseconds % minute, 1_000_000_000n);
  if (hours > 0n) {
    return `${sign}${hours}h${minutes}m${seconds}s`;
  }
  return minutes > 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction ? `${value / unit}.${fraction}` : String(value / unit);
}
