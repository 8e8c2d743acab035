import { ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const STOP_MS = 15_000;

/**
 * Makes a program end when the pipe to its parent ends: also when the parent is killed. Loaded before the program by
 * `--require`.
 */
const watchParent = `if (require('node:worker_threads').isMainThread) {
  process.stdin.on('error', () => {});
  process.stdin.on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 15000).unref();
  });
  process.stdin.resume();
  process.stdin.unref();
}
`;

export interface ProcessOptions {
  /** What to call it in messages. */
  name: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Takes everything the program prints. */
  logFile: string;
  /** Called for every line on standard output. */
  onLine?: (line: string) => void;
}

/** A Node.js program that the demo starts and always ends. */
export class ManagedProcess {
  readonly exited: Promise<number>;
  private readonly child: ChildProcess;
  private ended = false;

  constructor(private readonly options: ProcessOptions) {
    mkdirSync(dirname(options.logFile), { recursive: true });
    const watcher = join(dirname(options.logFile), 'watchParent.cjs');
    writeFileSync(watcher, watchParent);
    // A file, not a pipe: the program can still write when its parent is gone.
    const log = openSync(options.logFile, 'w');
    this.child = spawn(
      process.execPath,
      ['--require', watcher, ...options.args],
      {
        cwd: options.cwd,
        env: options.env,
        // Of its own group: Ctrl-C reaches only the demo, which ends the others in the right order.
        detached: true,
        stdio: ['pipe', options.onLine ? 'pipe' : log, log],
      },
    );
    this.child.stdin?.on('error', () => {});
    closeSync(log);
    if (this.child.stdout && options.onLine) {
      createInterface({ input: this.child.stdout }).on('line', options.onLine);
    }
    this.exited = new Promise(resolve => {
      const end = (code: number) => {
        this.ended = true;
        resolve(code);
      };
      this.child.once('error', () => end(127));
      this.child.once('exit', code => end(code ?? 1));
    });
  }

  /** Rejects with the end of its log when the program ends by itself. */
  async failure(): Promise<never> {
    const code = await this.exited;
    throw new Error(
      `${this.options.name} ended with ${code}. Its log ${
        this.options.logFile
      } ends with:\n${lastLines(this.options.logFile, 15)}`,
    );
  }

  /** Asks it to end, and ends it after 15 seconds. */
  async stop(): Promise<void> {
    if (this.ended) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      if (this.child.pid) {
        try {
          process.kill(-this.child.pid, 'SIGKILL');
        } catch {
          // It has ended in the meantime.
        }
      }
    }, STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}

function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-count)
      .map(line => `  ${line}`)
      .join('\n');
  } catch {
    return '  (nothing)';
  }
}
