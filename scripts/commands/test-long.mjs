// npm run test:long: what takes too long for every change.
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

await bundlePrograms();
closeWith(await runSuite('long', process.argv.slice(2)));
