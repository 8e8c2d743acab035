// npm run test:packed: packs the packages as they would be published, installs the tarballs into an empty Backstage
// backend and runs a backup there.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { capture, root } from '../process.mjs';
import { runChecks } from '../tally.mjs';

const packages = [
  'packages/velero-api',
  'packages/kopia',
  'packages/data-mover',
  'packages/engine',
  'plugins/backup-common',
  'plugins/backup-backend',
  'plugins/backup',
  'plugins/scaffolder-backend-module-backup',
];
const folder = mkdtempSync(join(tmpdir(), 'lifeboat-packed-'));
const app = join(folder, 'app');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const yarn = process.env.LIFEBOAT_YARN;
const nameOf = path => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).name;
const tarballOf = path => join(folder, `${path.replaceAll('/', '-')}.tgz`);

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function pack() {
  await bundlePrograms();
  for (const path of packages) {
    await capture(process.execPath, [yarn, 'pack', '--out', tarballOf(path)], { cwd: join(root, path) });
    const listing = await capture('tar', ['tzf', tarballOf(path)]);
    const stray = listing.split('\n').filter(name => /\.test\.|\.map\.map$|^package\/src\/.*\.tsx?$/.test(name));
    if (stray.length > 0) throw new Error(`${path} would publish ${stray.join(', ')}`);
    if (!/package\/dist\/index\.(cjs|esm)\.js\n/.test(listing)) throw new Error(`${path} has no dist/index.*.js: run npm run build first`);
  }
}

async function install() {
  mkdirSync(app);
  cpSync(join(root, 'test/packed-app'), app, { recursive: true });
  const tarballs = Object.fromEntries(packages.map(path => [nameOf(path), `file:${tarballOf(path)}`]));
  const template = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ ...template, dependencies: { ...template.dependencies, ...tarballs }, resolutions: { ...manifest.resolutions, ...tarballs } }, null, 2),
  );
  cpSync(join(root, 'yarn.lock'), join(app, 'yarn.lock'));
  writeFileSync(join(app, '.yarnrc.yml'), `nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\nenableImmutableInstalls: false\n`);
  await capture(process.execPath, [yarn, 'install'], { cwd: app, env: { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' } });
}

async function backUp() {
  const port = await freePort();
  const story = spawn(process.execPath, ['backup.mjs', String(port), join(root, 'packages/dev-cluster/assets/dev-cluster.cjs')], {
    cwd: app,
    env: { ...process.env, NODE_ENV: 'development', NODE_PATH: undefined },
    stdio: 'inherit',
  });
  const code = await new Promise(resolve => story.once('exit', resolve));
  if (code !== 0) throw new Error(`The backup in the empty app failed with ${code}: see above.`);
}

try {
  await runChecks([
    ['pack', pack],
    ['install into an empty app', install],
    [`every package loads (${readdirSync(join(root, 'plugins')).length} plugins)`, () =>
      capture(process.execPath, ['-e', packages.filter(path => path !== 'plugins/backup').map(path => `require(${JSON.stringify(nameOf(path))});`).join('')], { cwd: app })],
    ['a backup with the packed packages', backUp],
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
