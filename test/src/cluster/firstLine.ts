import { createInterface } from 'node:readline';
import type { BackgroundProcess } from './childProcess';

/** The first line that a program writes. @throws Error when it ends before, or says nothing in time */
export function firstLine(
  running: BackgroundProcess,
  timeoutMs: number,
): Promise<string> {
  const { stdout } = running.child;
  if (!stdout) throw new Error('its output is not connected');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it said nothing within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    createInterface({ input: stdout }).once('line', line => {
      clearTimeout(timer);
      resolve(line);
    });
    running.child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${code ?? signal}`));
    });
  });
}
