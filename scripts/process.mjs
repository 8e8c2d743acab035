// Child processes of the commands.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program to its end, sharing the terminal. Resolves to its exit status (1 when a signal ended it). */
export function run(program, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 1));
  });
}

/** Runs a program silently. Resolves to its output; rejects with the output's tail when it fails. */
export function capture(program, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complete = '';
    child.stdout.on('data', data => (complete += data));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data));
    child.once('error', reject);
    child.once('exit', code => (code === 0 ? resolve(complete) : reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${output.slice(-8000)}`))));
  });
}

// Through Yarn: some commands of the Backstage CLI start `yarn` themselves and need its shim on the PATH.
const cliArguments = args => [process.env.LIFEBOAT_YARN, 'run', '-T', 'backstage-cli', ...args];

/** Runs a Backstage CLI command, sharing the terminal. Resolves to its exit status. */
export function backstageCli(args, options) {
  return run(process.execPath, cliArguments(args), options);
}

/** Runs a Backstage CLI command silently. Rejects with the output's tail when it fails. */
export function quietBackstageCli(args, options) {
  return capture(process.execPath, cliArguments(args), options);
}
