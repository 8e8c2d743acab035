// npm run bench: figures of speed and memory. `-- NAME` chooses one; see test/src/bench/main.ts for the options.
import { build } from 'esbuild';
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { root, run } from '../process.mjs';

await bundlePrograms();
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
process.exitCode = await run(process.execPath, [program, ...process.argv.slice(2)]);
