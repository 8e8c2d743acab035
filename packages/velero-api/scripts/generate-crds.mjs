// Writes deploy/crds from the TypeScript objects in src/crds. With --check it writes nothing and fails if a file differs.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
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
    format: 'cjs',
    platform: 'neutral',
    write: false,
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return module.exports.customResourceDefinitions;
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
const differing = [...files].filter(([name, text]) => {
  try {
    return readFileSync(join(folder, name), 'utf8') !== text;
  } catch {
    return true;
  }
});
const leftOver = readdirSync(folder).filter(name => !files.has(name));

if (check) {
  for (const name of [...differing.map(([name]) => name), ...leftOver]) {
    console.error(`deploy/crds/${name} is not what the code says`);
  }
  if (differing.length + leftOver.length > 0) {
    console.error('Run: yarn generate, in packages/velero-api');
    process.exitCode = 1;
  }
} else {
  differing.forEach(([name, text]) => writeFileSync(join(folder, name), text));
  leftOver.forEach(name => rmSync(join(folder, name)));
  console.log(
    `deploy/crds: ${files.size} files, ${differing.length} written, ${leftOver.length} removed`,
  );
}
