// npm run test:faults: processes killed at every write, leaders stopped and woken. The order is fixed by LIFEBOAT_SEED.
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

await bundlePrograms();
closeWith(await runSuite('faults', process.argv.slice(2), { LIFEBOAT_SEED: process.env.LIFEBOAT_SEED ?? '20261123' }));
