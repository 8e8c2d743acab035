// npm run generate: everything that is made from a TypeScript source and committed. With --check it writes nothing and
// fails when a file is out of date.
import { generated } from '../generated.mjs';
import { runChecks } from '../tally.mjs';

const check = process.argv.includes('--check');
await runChecks(generated.map(({ name, make }) => [name, () => make({ check })]));
