// npm run build: declarations, bundles, every package's dist, and the portal's page and backend bundle.
import { bundlePrograms } from '../bundle.mjs';
import { backstageCli, root, run } from '../process.mjs';
import { runChecks } from '../tally.mjs';
import { join } from 'node:path';

const must = async promise => {
  if ((await promise) !== 0) throw new Error('See above.');
};

await runChecks([
  ['declarations', () => must(run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')]))],
  ['programs', () => bundlePrograms()],
  ['packages', () => must(backstageCli(['repo', 'build', '--all'], { env: { NODE_ENV: 'production' } }))],
]);
