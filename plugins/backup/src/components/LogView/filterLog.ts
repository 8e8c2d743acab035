import type { LogLine } from '@lifeboat/backstage-plugin-backup-common';

/** The levels that occur in a log, in the order of how bad they are. */
export function logLevels(lines: readonly LogLine[]): string[] {
  const order = ['fatal', 'error', 'warning', 'warn', 'info', 'debug', 'trace'];
  const found = new Set(lines.flatMap(({ level }) => (level ? [level] : [])));
  return [...found].sort(
    (a, b) =>
      (order.indexOf(a) + 1 || order.length + 1) -
      (order.indexOf(b) + 1 || order.length + 1),
  );
}

/** The lines that have a level (any when absent) and contain a text, case ignored. */
export function filterLog(
  lines: readonly LogLine[],
  filter: { text: string; level?: string },
): LogLine[] {
  const text = filter.text.trim().toLocaleLowerCase();
  return lines.filter(
    line =>
      (!filter.level || line.level === filter.level) &&
      line.message.toLocaleLowerCase().includes(text),
  );
}

/** A log as a text file. */
export function logText(lines: readonly LogLine[]): string {
  return lines
    .map(({ time, level, message }) =>
      [time, level, message].filter(Boolean).join(' '),
    )
    .join('\n');
}
