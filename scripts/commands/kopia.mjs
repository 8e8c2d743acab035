// npm run -s kopia -- VERB: looks into and works on a Kopia repository.
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { root, run } from '../process.mjs';

await bundlePrograms();
process.exitCode = await run(process.execPath, [join(root, 'packages/kopia/assets/kopia.cjs'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
