// Runs one of the project's commands with the pinned Node, installing Node and the
// dependencies first when they are missing. Needs only the system's own Node ≥ 20 and npm.
import { spawnSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseUnsupportedMachine, refuseBusyPort } from './preflight.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodeVersion = '24.21.0';
const [command, ...args] = process.argv.slice(2);

const commandFile = join(root, 'scripts', 'commands', `${String(command).replaceAll(':', '-')}.mjs`);
if (!command || !existsSync(commandFile)) {
  console.error(`No such command: ${command ?? '(none)'}. "npm run" lists them.`);
  process.exit(2);
}

/** Ends this process with the child's status when the child failed. */
function mustRun(program, parameters, options = {}) {
  const child = spawnSync(program, parameters, { cwd: root, stdio: 'inherit', ...options });
  if (child.error) {
    console.error(`${program} could not be started: ${child.error.message}`);
    process.exit(1);
  }
  if (child.status !== 0) process.exit(child.status ?? 1);
}

/** The folder of a Node that Backstage supports: the system's own, or the binary that npm carries. */
function nodeFolder() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major === 24 || (major === 22 && minor >= 19)) return dirname(process.execPath);
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, '.tools', 'node_modules', name, 'bin');
  if (!existsSync(join(folder, 'node'))) {
    console.log(`Fetching Node ${nodeVersion} (this machine has ${process.versions.node}) …`);
    mkdirSync(join(root, '.tools'), { recursive: true });
    mustRun('npm', ['install', '--prefix', '.tools', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${nodeVersion}`]);
  }
  return folder;
}

refuseUnsupportedMachine({ root, installed: existsSync(join(root, 'node_modules', '.yarn-state.yml')) });
if (command === 'demo') await refuseBusyPort(args);

const bin = nodeFolder();
const yarn = join(root, '.yarn', 'releases', 'yarn-4.13.0.cjs');
const env = {
  ...process.env,
  PATH: [bin, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node-compile'),
  LIFEBOAT_YARN: yarn,
};

const stamp = join(root, 'node_modules', '.lifeboat-install');
const wanted = createHash('sha256').update(readFileSync(join(root, 'yarn.lock'))).digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (installed !== wanted) {
  console.log('Installing the dependencies …');
  const child = spawnSync(join(bin, 'node'), [yarn, 'install', '--immutable'], { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (child.status !== 0) {
    process.stderr.write(`${child.stdout ?? ''}${child.stderr ?? ''}`);
    process.exit(child.status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

const child = spawn(join(bin, 'node'), [commandFile, ...args], { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends SIGINT to the whole group; a supervisor signals only this process.
  process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
