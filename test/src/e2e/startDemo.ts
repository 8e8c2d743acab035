import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..', '..');
const startMs = 280_000;
const stopMs = 30_000;

/** A portal with the demo's components in it. */
export interface Demo {
  url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address
          ? resolve(address.port)
          : reject(new Error('no free port')),
      );
    });
  });
}

/**
 * The demo to click through: the running one that `LIFEBOAT_PORTAL_URL` names, else one that is started for the test.
 *
 * @throws with what the demo printed when it does not come up
 */
export async function startDemo(): Promise<Demo> {
  const running = process.env.LIFEBOAT_PORTAL_URL;
  if (running) {
    return { url: running.replace(/\/$/, ''), stop: async () => {} };
  }
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [join(root, 'packages/demo/assets/demo.cjs'), '--port', String(port)],
    {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'development' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(timer);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The demo did not start in time:\n${printed}`)),
        startMs,
      );
      const onData = (chunk: Buffer) => {
        printed += chunk;
        if (printed.includes('Press Ctrl-C to stop.')) {
          clearTimeout(timer);
          resolve();
        }
      };
      child.stdout.on('data', onData);
      child.stderr.on('data', onData);
      child.once('exit', code => {
        clearTimeout(timer);
        reject(new Error(`The demo ended with ${code}:\n${printed}`));
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://localhost:${port}`, stop };
}

/** The folder with the state of a demo that runs on this machine. */
export function demoState(url: string): string {
  return join(root, '.data', 'demo', new URL(url).port);
}

/** Deletes a ConfigMap of the running application, as `npm run demo:break` does. */
export async function breakDemo(url: string): Promise<void> {
  await promisify(execFile)(process.execPath, [
    join(root, 'packages/demo/assets/break.cjs'),
    '--port',
    new URL(url).port,
  ]);
}
