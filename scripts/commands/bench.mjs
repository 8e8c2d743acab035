// npm run bench: figures of speed and memory. `-- kopia` compares with the program that KOPIA names; see
// test/src/bench/main.ts for the others and their options.
import { build } from 'esbuild';
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { root, run } from '../process.mjs';
import { closeWith } from '../tally.mjs';

/** Makes the program of the other benches. Returns its file. */
async function buildBench() {
  // Beside the caches of the workspace: three folders below its root, as the sources are, which find the programs from there.
  const program = join(root, 'node_modules/.cache/lifeboat/bench.cjs');
  await build({
    entryPoints: [join(root, 'test/src/bench/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    logLevel: 'warning',
  });
  return program;
}

await bundlePrograms();
const [name, ...options] = process.argv.slice(2);
if (name === 'kopia') {
  const status = await run(process.execPath, [join(root, 'packages/kopia/scripts/bench.mjs'), ...options]);
  closeWith(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
} else {
  process.exitCode = await run(process.execPath, [await buildBench(), ...process.argv.slice(2)]);
}
