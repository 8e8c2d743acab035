// npm run test:judge: everything that packages/kopia writes is read by kopia_check.py, a reader that is not ours, with no
// kopia program. LIFEBOAT_KOPIA_CHECK names its folder; Python's packages for it come into an environment of their own.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { runJudge } from '../jest.mjs';
import { root } from '../process.mjs';
import { closeWith } from '../tally.mjs';

const packages = ['cryptography', 'zstandard', 'blake3'];
const environment = join(root, 'node_modules', '.cache', 'kopia-judge');
const python = join(environment, 'bin', 'python');

/** Makes the environment unless it is there and whole. Returns its Python. */
function pythonWithPackages() {
  const whole = () => {
    try {
      execFileSync(python, ['-c', `import ${packages.join(', ')}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (existsSync(python) && whole()) return python;
  console.log(`Making a Python environment with ${packages.join(', ')} …`);
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(dirname(environment), { recursive: true });
  execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { stdio: 'inherit' });
  return python;
}

function judgeFolder() {
  const given = process.env.LIFEBOAT_KOPIA_CHECK;
  if (!given || !existsSync(given)) throw new Error('LIFEBOAT_KOPIA_CHECK must name the folder of kopia_check.py, the independent reader.');
  return statSync(given).isDirectory() ? given : dirname(given);
}

let ready;
try {
  ready = { LIFEBOAT_KOPIA_CHECK: judgeFolder(), LIFEBOAT_PYTHON: pythonWithPackages() };
} catch (error) {
  console.error(error.message);
}
if (ready) {
  await bundlePrograms();
  closeWith(await runJudge(process.argv.slice(2), ready));
} else closeWith({ passed: 0, failed: 1 });
