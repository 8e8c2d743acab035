// The portal's web page, built only when its sources changed.
import { join } from 'node:path';
import { makeWhenChanged } from './bundle.mjs';
import { quietBackstageCli, root } from './process.mjs';

/** Builds packages/app into its dist folder. Throws when the build fails. */
export function buildPortal() {
  return makeWhenChanged('portal', {
    patterns: ['packages/app/{src,public}/**/*', 'packages/app/package.json', 'plugins/{backup,backup-common}/src/**/*', 'app-config.yaml'],
    outputs: ['packages/app/dist/index.html'],
    make: async () => {
      console.log('Building the portal …');
      await quietBackstageCli(['package', 'build'], { cwd: join(root, 'packages/app'), env: { NODE_ENV: 'production' } });
    },
  });
}
