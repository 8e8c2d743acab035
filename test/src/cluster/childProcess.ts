import {
  spawn,
  type ChildProcess,
  type SpawnOptions,
} from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** The root of the work tree. */
export const root = path.resolve(__dirname, '../../..');

/** A program in the background, with what it wrote. */
export interface BackgroundProcess {
  child: ChildProcess;
  /** The end of its standard error. */
  errors(): string;
  /** SIGTERM, then SIGKILL after ten seconds; resolves with the exit code or signal. */
  stop(): Promise<number | string | null>;
}

/** Starts a program whose standard error is kept for messages. */
export function startProcess(
  command: string,
  args: string[],
  options: SpawnOptions = {},
): BackgroundProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  let text = '';
  child.stderr?.on('data', chunk => {
    text = (text + chunk).slice(-100_000);
  });
  child.stdout?.resume();
  child.on('error', error => {
    text += String(error);
  });
  return {
    child,
    errors: () => text,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null && child.pid) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await ended;
        clearTimeout(timer);
      }
      return child.exitCode ?? child.signalCode;
    },
  };
}
