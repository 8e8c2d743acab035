// Writes deploy/crds from the TypeScript objects in src/crds. With --check it writes nothing and fails if a file differs.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import prettier from 'prettier';
import { stringify } from 'yaml';

const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(packageFolder, '../../deploy/crds');
const check = process.argv.includes('--check');

async function readDefinitions() {
  const { outputFiles } = await build({
    entryPoints: [join(packageFolder, 'src/crds/customResourceDefinitions.ts')],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const module = await import(`data:text/javascript;base64,${code}`);
  return module.customResourceDefinitions;
}

const style = await prettier.resolveConfig(join(folder, 'any.yaml'));
const yaml = value =>
  prettier.format(stringify(value, { aliasDuplicateObjects: false }), {
    ...style,
    parser: 'yaml',
  });
const header =
  '# Generated from packages/velero-api/src/crds: yarn generate in packages/velero-api\n';

const definitions = await readDefinitions();
const files = new Map(
  definitions.map(definition => [
    `velero.io_${definition.spec.names.plural}.yaml`,
    header + yaml(definition),
  ]),
);
files.set(
  'kustomization.yaml',
  header +
    yaml({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [...files.keys()].sort(),
    }),
);

mkdirSync(folder, { recursive: true });
const stale = [...files.keys()].filter(name => {
  try {
    return readFileSync(join(folder, name), 'utf8') !== files.get(name);
  } catch {
    return true;
  }
});
const leftOver = readdirSync(folder).filter(name => !files.has(name));

if (check) {
  for (const name of [...stale, ...leftOver]) {
    process.stderr.write(`deploy/crds/${name} is not what the code says\n`);
  }
  if (stale.length + leftOver.length > 0) {
    process.stderr.write('Run: yarn generate, in packages/velero-api\n');
    process.exitCode = 1;
  }
} else {
  stale.forEach(name => writeFileSync(join(folder, name), files.get(name)));
  leftOver.forEach(name => rmSync(join(folder, name)));
  process.stdout.write(
    `deploy/crds: ${files.size} files, ${stale.length} written, ${leftOver.length} removed\n`,
  );
}
