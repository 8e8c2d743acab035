import { once } from 'events';
import { createReadStream, createWriteStream, WriteStream } from 'fs';
import { rm } from 'fs/promises';
import { Readable } from 'stream';
import { finished } from 'stream/promises';
import { createGunzip, createGzip, Gzip } from 'zlib';
import { LogFields, LogLevel, logLine } from './logLine';
import { ResultsCollector } from './ResultsCollector';

/** Facts that a finding carries besides its message. */
export interface FindingFields extends LogFields {
  resource?: string;
  namespace?: string;
  name?: string;
  /** Text of the underlying error. */
  error?: string;
}

/** Where a run's log goes and what every line says. */
export interface RunLogOptions {
  /** File in the run's private spool folder. */
  file: string;
  clock: () => Date;
  /** Fields of every line, for example `backup=openshift-adp/nightly`. */
  fields: LogFields;
  /** Bytes of text after which info lines are dropped (warnings and errors are kept up to twice that). Default 20 MiB. */
  limitBytes?: number;
}

/**
 * The log of one run: logrus text lines, gzipped into a bounded file that is uploaded at the end; warnings and errors are
 * counted and become the run's results, as Velero's log hook does it.
 */
export class RunLog {
  readonly findings = new ResultsCollector();
  private readonly gzip: Gzip;
  private readonly file: WriteStream;
  private readonly limit: number;
  private written = 0;
  private truncated = false;
  private closed?: Promise<void>;

  constructor(private readonly options: RunLogOptions) {
    this.limit = options.limitBytes ?? 20 * 1024 * 1024;
    this.gzip = createGzip();
    this.file = createWriteStream(options.file, { mode: 0o600 });
    this.gzip.pipe(this.file);
    // Reported by close(): a log that cannot be written must not end the process.
    this.file.on('error', () => {});
  }

  /** Puts the lines of an earlier part of the run in front. Before any other line. */
  async prepend(gzipped: Readable): Promise<void> {
    const lines = gzipped.pipe(createGunzip());
    gzipped.on('error', error => lines.destroy(error));
    try {
      for await (const chunk of lines as AsyncIterable<Buffer>) {
        this.written += chunk.length;
        if (!this.gzip.write(chunk)) {
          await once(this.gzip, 'drain');
        }
        if (this.written > this.limit * 3) {
          break;
        }
      }
    } finally {
      gzipped.destroy();
    }
  }

  info(message: string, fields: FindingFields = {}): void {
    this.write('info', message, fields);
  }

  /** A finding that leaves the run Completed. */
  warn(message: string, fields: FindingFields = {}): void {
    this.write('warning', message, fields);
    this.addFinding('warnings', message, fields);
  }

  /** A finding that makes the run PartiallyFailed. */
  error(message: string, fields: FindingFields = {}): void {
    this.write('error', message, fields);
    this.addFinding('errors', message, fields);
  }

  /** Writes a line of any level without counting it as a finding (restores collect their findings themselves). */
  write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (this.closed) {
      return;
    }
    const most = level === 'info' ? this.limit : this.limit * 2;
    if (this.written > most) {
      if (!this.truncated) {
        this.truncated = true;
        this.gzip.write(
          `${logLine(
            this.options.clock(),
            'warning',
            'the log has reached its size limit; further lines are left out',
            this.options.fields,
          )}\n`,
        );
      }
      return;
    }
    const line = `${logLine(this.options.clock(), level, message, {
      ...this.options.fields,
      ...fields,
    })}\n`;
    this.written += Buffer.byteLength(line);
    this.gzip.write(line);
  }

  /** Ends the file; later lines are dropped. */
  async close(): Promise<void> {
    this.closed ??= (async () => {
      this.gzip.end();
      await finished(this.file);
    })();
    await this.closed;
  }

  /** The gzipped log. Only after {@link RunLog.close}. */
  read(): Readable {
    return createReadStream(this.options.file);
  }

  /** Closes and removes the file; never throws. */
  async discard(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.options.file, { force: true }).catch(() => {});
  }

  private addFinding(
    side: 'errors' | 'warnings',
    message: string,
    fields: FindingFields,
  ): void {
    // The form of Velero's log hook, which `velero backup describe` shows as it is.
    const text = [
      fields.resource && ` resource: /${fields.resource}`,
      fields.name && ` name: /${fields.name}`,
      ` message: /${message}`,
      fields.error && ` error: /${fields.error}`,
    ]
      .filter(Boolean)
      .join('');
    this.findings.add(
      side,
      fields.namespace ? { namespace: fields.namespace } : { velero: true },
      text,
    );
  }
}
