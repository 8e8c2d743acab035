import { EventEmitter } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface LogQuery {
  tailLines?: number;
  sinceTime?: Date;
  timestamps?: boolean;
  limitBytes?: number;
}

/** The log of one run of a container: a file with a time before each line. */
export class ContainerLog {
  private readonly events = new EventEmitter().setMaxListeners(0);
  private partial: Record<'stdout' | 'stderr', string> = {
    stdout: '',
    stderr: '',
  };
  private ended = false;

  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, '');
  }

  write(stream: 'stdout' | 'stderr', chunk: string): void {
    const lines = (this.partial[stream] + chunk).split('\n');
    this.partial[stream] = lines.pop() ?? '';
    this.append(lines);
  }

  private append(lines: string[]): void {
    if (lines.length === 0) return;
    const time = new Date().toISOString();
    const stamped = lines.map(line => `${time} ${line}`);
    appendFileSync(this.file, `${stamped.join('\n')}\n`);
    for (const line of stamped) this.events.emit('line', line);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.append(Object.values(this.partial).filter(line => line !== ''));
    this.events.emit('end');
  }

  async read(query: LogQuery): Promise<string> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    let lines = text.split('\n').filter(line => line !== '');
    if (query.sinceTime) {
      const since = query.sinceTime.toISOString();
      lines = lines.filter(line => line.slice(0, since.length) >= since);
    }
    if (query.tailLines !== undefined) {
      lines = query.tailLines === 0 ? [] : lines.slice(-query.tailLines);
    }
    const out = lines.map(line => `${format(line, query)}\n`).join('');
    return query.limitBytes === undefined
      ? out
      : Buffer.from(out).subarray(0, query.limitBytes).toString('utf8');
  }

  /** What is there and then every new line, until the container or the signal ends. */
  async follow(
    query: LogQuery,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const early: string[] = [];
    let live = false;
    const onLine = (line: string) => {
      if (live) onText(`${format(line, query)}\n`);
      else early.push(line);
    };
    this.events.on('line', onLine);
    try {
      const before = await this.read(query);
      onText(before);
      const seen = new Set(before.split('\n'));
      for (const line of early) {
        if (!seen.has(format(line, query))) onText(`${format(line, query)}\n`);
      }
      live = true;
      if (this.ended || signal.aborted) return;
      await new Promise<void>(resolve => {
        this.events.once('end', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      this.events.off('line', onLine);
    }
  }
}

function format(line: string, query: LogQuery): string {
  return query.timestamps ? line : line.slice(line.indexOf(' ') + 1);
}
