import { formatBytes } from './output';

/** How far a transfer is. */
export interface Transfer {
  /** Bytes. */
  readonly done: number;
  /** Bytes, where they are known. */
  readonly total?: number;
  readonly elapsedMs: number;
}

const barLength = 20;
const leastTimeMs = 1000;

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/**
 * A line about a running transfer: a bar, the amount, the speed, and the time that is left at this speed.
 *
 * @example
 * ```ts
 * progressLine({ done: 50 << 20, total: 100 << 20, elapsedMs: 5000 });
 * // [##########----------]  50 %  50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left
 * ```
 */
export function progressLine({ done, total, elapsedMs }: Transfer): string {
  const speed = (done / Math.max(1, elapsedMs)) * 1000;
  // The first moments say little about the speed.
  const known = elapsedMs >= leastTimeMs;
  const parts: string[] = [];
  if (total === undefined) parts.push(formatBytes(done));
  else {
    // An amount that was known only roughly may be passed.
    const part = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.floor(part * barLength);
    const percent = String(Math.floor(part * 100)).padStart(3);
    parts.push(
      `[${'#'.repeat(filled)}${'-'.repeat(barLength - filled)}] ${percent} %`,
      `${formatBytes(done)} of ${formatBytes(total)}`,
    );
  }
  if (known) parts.push(`${formatBytes(Math.round(speed))}/s`);
  if (known && total !== undefined && speed > 0 && done < total)
    parts.push(`${formatSeconds((total - done) / speed)} left`);
  return parts.join('  ');
}

/** Begins a transfer; what it returns describes it, from the bytes that are done and those that are known to come. */
export function startTransfer(
  clock: () => number = () => performance.now(),
): (done: number, total?: number) => string {
  const started = clock();
  return (done, total) =>
    progressLine({ done, total, elapsedMs: clock() - started });
}
