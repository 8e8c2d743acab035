// npm run lint: ESLint with the import rules of eslint-package.js, and Prettier.
import { join } from 'node:path';
import { backstageCli, root, run } from '../process.mjs';
import { runChecks } from '../tally.mjs';

const fix = process.argv.includes('--fix');
const must = async promise => {
  if ((await promise) !== 0) throw new Error('See above.');
};

await runChecks([
  ['eslint', () => must(backstageCli(['repo', 'lint', '--max-warnings', '0', ...(fix ? ['--fix'] : [])]))],
  [
    'prettier',
    () =>
      must(
        run(process.execPath, [
          join(root, 'node_modules/prettier/bin-prettier.js'),
          fix ? '--write' : '--check',
          '--loglevel',
          'warn',
          '{packages,plugins,test}/**/*.{ts,tsx,css,md}',
          'docs/**/*.md',
          'README.md',
        ]),
      ),
  ],
]);
