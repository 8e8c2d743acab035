// npm run tsc: strict types of the whole workspace; also writes the declarations that `build` packs.
import { root, run } from '../process.mjs';
import { join } from 'node:path';
import { closeWith } from '../tally.mjs';

const status = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...process.argv.slice(2)]);
closeWith(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
