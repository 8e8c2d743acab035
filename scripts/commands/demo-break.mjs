// npm run demo:break: removes something from the running demo, so that there is something to restore.
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { root, run } from '../process.mjs';

await bundlePrograms();
process.exitCode = await run(process.execPath, [join(root, 'packages/demo/assets/break.cjs'), ...process.argv.slice(2)]);
