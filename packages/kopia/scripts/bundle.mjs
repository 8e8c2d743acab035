// Bundles the command-line program and the worker threads' program into assets/, one JavaScript file each.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const programs = { 'src/cli/main.ts': 'assets/kopia.cjs', 'src/worker/main.ts': 'assets/worker.cjs' };
for (const [entry, output] of Object.entries(programs)) {
  await build({
    entryPoints: [join(folder, entry)],
    outfile: join(folder, output),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    logLevel: 'warning',
  });
}
