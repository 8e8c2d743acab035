// npm run check: what no compiler and no test sees.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from '../generated.mjs';
import { backstageCli, capture, root } from '../process.mjs';
import { runChecks } from '../tally.mjs';
import { testsWithoutRunner } from '../testsFound.mjs';

await runChecks([
  [
    'every test file is found by a runner',
    async () => {
      const lost = await testsWithoutRunner();
      if (lost.length > 0) throw new Error(`No command runs these: ${lost.join(', ')}`);
    },
  ],
  ...generated.map(({ name, make }) => [`up to date: ${name}`, () => make({ check: true })]),
  [
    'configuration of the demo fits the schema',
    async () => {
      const status = await backstageCli(['config:check', '--strict', '--package', 'backend', '--config', join(root, 'app-config.yaml')]);
      if (status !== 0) throw new Error('See above.');
    },
  ],
  [
    'every package has a licence, a README and a catalog entry',
    async () => {
      const output = await capture('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
      const files = new Set(output.split('\n'));
      const missing = [];
      for (const file of files) {
        const folder = /^((?:packages|plugins)\/[^/]+|test)\/package\.json$/.exec(file)?.[1];
        if (!folder) continue;
        if (JSON.parse(readFileSync(join(root, file), 'utf8')).license !== 'Apache-2.0') missing.push(`${file}: license`);
        for (const name of ['README.md', 'catalog-info.yaml']) {
          if (!files.has(`${folder}/${name}`)) missing.push(`${folder}/${name}`);
        }
      }
      if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}`);
    },
  ],
]);
