// The committed files that are made from a TypeScript source.
import { join } from 'node:path';
import { capture, root } from './process.mjs';

const script = (name, file) => ({
  name,
  make: ({ check }) => capture(process.execPath, [join(root, file), ...(check ? ['--check'] : [])], { cwd: root }),
});

/** Each `make({ check })` writes its files or, with `check`, throws when they differ from what it would write. */
export const generated = [
  script('API types of plugins/backup-common', 'plugins/backup-common/scripts/generate-api.mjs'),
  script('splitter of packages/kopia', 'packages/kopia/scripts/generate-splitter.mjs'),
  script('CRDs of deploy/', 'packages/velero-api/scripts/generate-crds.mjs'),
];
