import { ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ContainerLog } from './ContainerLog';
import { ProcessReaper } from './ProcessReaper';
import { ProcessUser } from './processUser';

export interface ProcessDescription {
  command: string[];
  env: Record<string, string>;
  cwd: string;
  user?: ProcessUser;
  /** The real path behind a path of the container. */
  realPath(word: string): string;
}

export interface ProcessExit {
  code: number;
  signal?: number;
  /** Set when the program could not be started at all. */
  problem?: string;
}

/** One run of a container: a process group of its own. */
export class ContainerProcess {
  readonly startedAt = new Date();
  readonly exited: Promise<ProcessExit>;
  private readonly child: ChildProcess;
  hasExited = false;

  constructor(
    description: ProcessDescription,
    readonly log: ContainerLog,
    reaper: ProcessReaper,
  ) {
    const [program, ...args] = description.command;
    this.child = spawn(program, args, {
      cwd: description.cwd,
      env: description.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(description.user ?? {}),
    });
    if (this.child.pid) reaper.add(this.child.pid);
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.child[name];
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => log.write(name, chunk));
    }
    this.exited = new Promise(resolve => {
      const done = (exit: ProcessExit) => {
        if (this.hasExited) return;
        this.hasExited = true;
        this.killGroup('SIGKILL');
        if (this.child.pid) reaper.remove(this.child.pid);
        log.end();
        resolve(exit);
      };
      this.child.on('error', error => {
        log.write('stderr', `${error.message}\n`);
        done({ code: 127, problem: error.message });
      });
      this.child.on('exit', (code, signal) => {
        const number = signal ? constants.signals[signal] : undefined;
        setImmediate(() =>
          done({
            code: code ?? 128 + (number ?? 0),
            ...(number ? { signal: number } : {}),
          }),
        );
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks the main process to end. */
  terminate(): void {
    if (!this.hasExited) this.child.kill('SIGTERM');
  }

  /** Ends the whole group at once. */
  kill(): void {
    this.killGroup('SIGKILL');
  }

  private killGroup(signal: NodeJS.Signals): void {
    if (!this.child.pid) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // The group has ended already.
    }
  }
}
