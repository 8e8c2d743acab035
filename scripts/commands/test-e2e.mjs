// npm run test:e2e: the stories by clicks, in Chromium, on the running demo.
import { buildPortal } from '../portal.mjs';
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

await bundlePrograms();
await buildPortal();
closeWith(await runSuite('e2e', process.argv.slice(2)));
