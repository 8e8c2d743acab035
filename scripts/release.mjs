// node scripts/release.mjs reports|version|publish: what only a release needs. The ecosystem's tools for it are large, so
// they are fetched for the occasion instead of being installed with every clone.
import { globSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './process.mjs';

const tools = {
  repoTools: '@backstage/repo-tools@0.19.1',
  apiExtractor: '@microsoft/api-extractor@7',
  apiDocumenter: '@microsoft/api-documenter@7',
  changesets: '@changesets/cli@2',
};

/** Folders of the packages that are published. */
function published() {
  return ['packages', 'plugins']
    .flatMap(parent => readdirSync(join(root, parent)).map(name => `${parent}/${name}`))
    .filter(folder => !JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).private);
}

const npx = (packages, command) => run('npx', ['--yes', ...packages.flatMap(name => ['--package', name]), '--', ...command]);

/** Reports name files by where they lie on this machine: from the root of the repository they are the same for all. */
function makePathsRelative() {
  for (const file of published().flatMap(folder => globSync(`${folder}/report*.api.md`, { cwd: root }))) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`${root}/`, ''));
  }
}

const steps = {
  reports: async () => {
    const status = await npx(
      [tools.repoTools, tools.apiExtractor, tools.apiDocumenter],
      ['backstage-repo-tools', 'api-reports', '--allow-all-warnings', ...published(), ...process.argv.slice(3)],
    );
    makePathsRelative();
    return status;
  },
  version: () => npx([tools.changesets], ['changeset', 'version']),
  publish: async () => {
    for (const folder of published()) {
      const status = await run(process.execPath, [join(root, '.yarn/releases/yarn-4.13.0.cjs'), 'npm', 'publish', '--access', 'public', '--tolerate-republish'], { cwd: join(root, folder) });
      if (status !== 0) return status;
    }
    return npx([tools.changesets], ['changeset', 'tag']);
  },
};

const step = steps[process.argv[2]];
if (!step) {
  console.error(`Usage: node scripts/release.mjs ${Object.keys(steps).join('|')}`);
  process.exit(2);
}
process.exitCode = await step();
