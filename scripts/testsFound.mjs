// Which test files the runners would run.
import { join, relative } from 'node:path';
import { judged, suites, unitArguments } from './jest.mjs';
import { capture, root } from './process.mjs';

const cli = join(root, 'node_modules/@backstage/cli/bin/backstage-cli');

async function listed(args, cwd) {
  const output = await capture(process.execPath, [cli, ...args, '--watchAll=false', '--listTests'], { cwd });
  return output
    .split('\n')
    .filter(line => line.startsWith(root))
    .map(file => relative(root, file.trim()));
}

/** Test files of the work tree that neither `npm test` nor a suite's command finds. */
export async function testsWithoutRunner() {
  const tracked = await capture('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = tracked.split('\n').filter(file => /\.(test|spec)\.[cm]?[jt]sx?$/.test(file));
  const found = new Set(await listed(['repo', 'test', ...unitArguments], root));
  for (const suite of suites) {
    for (const file of await listed(['package', 'test', '--passWithNoTests', '--testPathPatterns', `/test/src/${suite}/`], join(root, 'test'))) {
      found.add(file);
    }
  }
  for (const file of await listed(['package', 'test', '--passWithNoTests', '--testPathPatterns', judged], join(root, 'packages/kopia'))) {
    found.add(file);
  }
  return files.filter(file => !found.has(file));
}
