// Jest runs that close with the plain line.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backstageCli, root } from './process.mjs';

/** Folders of test/src that a command of their own runs: they need a browser, a real API server, real S3 or much time. */
export const suites = ['e2e', 'api-server', 's3', 'faults', 'long', 'real-cluster', 'real-node'];

/** Title of the tests that run only when KOPIA names a kopia program, which no registry has. */
const needsKopia = 'with the real program';

/** Tests of packages/kopia that need Python and an independent reader; `npm run test:judge` runs them. */
export const judged = '/packages/kopia/src/judge/';

const ignoredBySuites = `/test/src/(${suites.join('|')})/|${judged}`;

/** Arguments that select what `npm test` runs: all but the suites. */
export const unitArguments = ['--testPathIgnorePatterns', '/node_modules/', '--testPathIgnorePatterns', ignoredBySuites];

async function jest(args, { cwd, env }) {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-jest-'));
  const file = join(folder, 'results.json');
  try {
    const status = await backstageCli([...args, '--json', '--outputFile', file], { cwd, env });
    let results;
    try {
      results = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      return { passed: 0, failed: 1, skipped: 0 };
    }
    const kopia = results.testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status, ancestorTitles }) => status === 'pending' && ancestorTitles.includes(needsKopia)).length;
    if (kopia > 0) console.log(`\n${kopia} of the skipped tests need a kopia program: KOPIA names it`);
    const brokenFiles = results.numRuntimeErrorTestSuites;
    const failed = results.numFailedTests + brokenFiles;
    return {
      passed: results.numPassedTests,
      failed: failed === 0 && status !== 0 ? 1 : failed,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every test of the workspace but the suites. */
export function runUnitTests(args) {
  return jest(['repo', 'test', '--watchAll=false', ...unitArguments, ...args], { cwd: root });
}

/** Suites whose files have clusters of their own and mostly wait: two at a time take little more than half as long. */
const besideEachOther = ['api-server', 'faults'];

/** One suite of the test workspace; the others start servers on fixed ports, or fill the machine, and run one file at a time. */
export function runSuite(name, args, env = {}) {
  const workers = besideEachOther.includes(name) ? '--maxWorkers=2' : '--runInBand';
  return jest(
    ['package', 'test', '--watchAll=false', workers, '--testPathPatterns', `/test/src/${name}/`, ...args],
    { cwd: join(root, 'test'), env },
  );
}

/** What the independent reader of Kopia repositories says about all that packages/kopia writes. */
export function runJudge(args, env) {
  return jest(['package', 'test', '--watchAll=false', '--runInBand', '--testPathPatterns', judged, ...args], {
    cwd: join(root, 'packages', 'kopia'),
    env,
  });
}
