import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LoggerService } from '@backstage/backend-plugin-api';

const longestLine = 10_000;

/** pino's numbers for levels. */
function methodFor(level: unknown): 'debug' | 'info' | 'warn' | 'error' {
  if (typeof level !== 'number') {
    return 'info';
  }
  if (level >= 50) {
    return 'error';
  }
  if (level >= 40) {
    return 'warn';
  }
  return level >= 30 ? 'info' : 'debug';
}

/** Hands the engine's output to Backstage's logger: JSON lines with their level, other lines as they are. */
export function forwardLines(
  output: Readable | null,
  logger: LoggerService,
): void {
  if (!output) {
    return;
  }
  const lines = createInterface({ input: output, crlfDelay: Infinity });
  lines.on('line', line => forwardLine(line.slice(0, longestLine), logger));
}

/** One line of the engine's output. */
export function forwardLine(line: string, logger: LoggerService): void {
  if (line.trim() === '') {
    return;
  }
  const entry = parsed(line);
  if (!entry) {
    logger.info(line);
    return;
  }
  const {
    level,
    msg,
    time: _time,
    pid: _pid,
    hostname: _host,
    ...meta
  } = entry;
  logger[methodFor(level)](
    typeof msg === 'string' ? msg : line,
    JSON.parse(JSON.stringify(meta)),
  );
}

function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) {
    return undefined;
  }
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
