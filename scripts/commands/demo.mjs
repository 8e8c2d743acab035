// npm run demo: builds what changed and hands over to the demo.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { buildPortal } from '../portal.mjs';
import { root } from '../process.mjs';

await bundlePrograms();
await buildPortal();
const child = spawn(process.execPath, [join(root, 'packages/demo/assets/demo.cjs'), ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, NODE_ENV: 'development' },
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
