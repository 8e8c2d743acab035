// Writes src/api-server/kubernetes/definitions.generated.json: which built-in resources exist, their OpenAPI schemas, and what
// OpenAPI leaves out of Kubernetes' Go types: which empty fields are shown, and the numbers of protobuf fields (see README.md, "Definitions").
//
//   node scripts/writeKubernetesDefinitions.mjs "$(go env GOMODCACHE)/k8s.io" 1.34.1
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const [modules, version] = process.argv.slice(2);
if (!modules || !version) {
  process.stderr.write(
    'usage: writeKubernetesDefinitions.mjs FOLDER_OF_K8S.IO_MODULES VERSION\n',
  );
  process.exit(2);
}
const served = [
  ['', 'v1'],
  ['apps', 'v1'],
  ['batch', 'v1'],
  ['autoscaling', 'v2'],
  ['autoscaling', 'v1'],
  ['policy', 'v1'],
  ['networking.k8s.io', 'v1'],
  ['rbac.authorization.k8s.io', 'v1'],
  ['storage.k8s.io', 'v1'],
  ['coordination.k8s.io', 'v1'],
  ['discovery.k8s.io', 'v1'],
  ['events.k8s.io', 'v1'],
  ['scheduling.k8s.io', 'v1'],
  ['admissionregistration.k8s.io', 'v1'],
  ['apiextensions.k8s.io', 'v1'],
  ['authentication.k8s.io', 'v1'],
  ['authorization.k8s.io', 'v1'],
];
const api = join(modules, `kubernetes@v${version}`, 'api');
const go = name => join(modules, `${name}@v0.${version.slice(2)}`);
const readJson = file => JSON.parse(readFileSync(file, 'utf8'));

const schemas = {};
const resources = [];
for (const [group, groupVersion] of served) {
  const file =
    group === '' ? `api__${groupVersion}` : `apis__${group}__${groupVersion}`;
  const document = readJson(
    join(api, 'openapi-spec', 'v3', `${file}_openapi.json`),
  );
  Object.assign(schemas, document.components.schemas);
  for (const resource of readJson(join(api, 'discovery', `${file}.json`))
    .resources) {
    const {
      storageVersionHash,
      group: responseGroup,
      version: responseVersion,
      ...rest
    } = resource;
    resources.push({
      group,
      version: groupVersion,
      ...rest,
      ...(responseVersion && { responseGroup, responseVersion }),
    });
  }
}

/** Go files that hold the types of an OpenAPI package prefix. */
function sourcesOf(prefix) {
  if (prefix === 'io.k8s.apimachinery.pkg.apis.meta.v1') {
    return [join(go('apimachinery'), 'pkg/apis/meta/v1/types.go')];
  }
  const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
  if (prefix === extensions) {
    const folder = join(
      go('apiextensions-apiserver'),
      'pkg/apis/apiextensions/v1',
    );
    return [join(folder, 'types.go'), join(folder, 'types_jsonschema.go')];
  }
  const parts = /^io\.k8s\.api\.([^.]+)\.([^.]+)$/.exec(prefix);
  return parts ? [join(go('api'), parts[1], parts[2], 'types.go')] : [];
}

const structsOf = new Map();
function structs(prefix) {
  if (!structsOf.has(prefix)) {
    const found = new Map();
    for (const file of sourcesOf(prefix).filter(existsSync)) {
      const text = readFileSync(file, 'utf8');
      for (const [, name, body] of text.matchAll(
        /^type (\w+) struct \{\n([\s\S]*?)^\}/gm,
      )) {
        found.set(name, body);
      }
    }
    structsOf.set(prefix, found);
  }
  return structsOf.get(prefix);
}
function fieldsOf(prefix, name) {
  const fields = [];
  for (const line of (structs(prefix).get(name) ?? '').split('\n')) {
    const embedded = /^\t([\w.]+)\s+`json:",inline"/.exec(line);
    if (embedded && !embedded[1].includes('.')) {
      fields.push(...fieldsOf(prefix, embedded[1]));
    }
    const field = /^\t\w+\s+(\S+)\s+`[^`]*json:"([^",]+)((?:,\w+)*)"/.exec(
      line,
    );
    if (field) {
      fields.push({
        type: field[1],
        name: field[2],
        omitEmpty: field[3].includes('omitempty'),
        omitZero: field[3].includes('omitzero'),
      });
    }
  }
  return fields;
}

/** Protobuf field number → JSON name, or a nested table for a struct that JSON shows inline. */
function protobufFields(prefix, name) {
  const fields = {};
  for (const line of (structs(prefix).get(name) ?? '').split('\n')) {
    const tags = /`([^`]*)`/.exec(line)?.[1] ?? '';
    const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
    const json = /json:"([^"]*)"/.exec(tags)?.[1].split(',') ?? [];
    if (!number) continue;
    if (json[0]) {
      fields[number] = json[0];
    } else if (json.includes('inline')) {
      fields[number] = protobufFields(prefix, line.trim().split(/\s/)[0]);
    }
  }
  return fields;
}

for (const [name, schema] of Object.entries(schemas)) {
  const dot = name.lastIndexOf('.');
  const omitZero = [];
  const nullWhenAbsent = [];
  for (const field of fieldsOf(name.slice(0, dot), name.slice(dot + 1))) {
    const property = schema.properties?.[field.name];
    if (!property) continue;
    if (field.type.startsWith('*')) {
      if (!field.omitEmpty) nullWhenAbsent.push(field.name);
      continue;
    }
    const scalar = ['string', 'integer', 'number', 'boolean'].includes(
      property.type,
    );
    if (field.omitEmpty && scalar) omitZero.push(field.name);
    const time = /^(metav1\.)?(Time|MicroTime)$/.test(field.type);
    if (
      time
        ? !field.omitZero
        : !field.omitEmpty && /^(\[\]|map\[)/.test(field.type)
    ) {
      nullWhenAbsent.push(field.name);
    }
  }
  const protobuf = protobufFields(name.slice(0, dot), name.slice(dot + 1));
  if (Object.keys(protobuf).length) schema['x-go-protobuf'] = protobuf;
  if (omitZero.length) schema['x-go-omit-zero'] = omitZero;
  if (nullWhenAbsent.length) schema['x-go-null-when-absent'] = nullWhenAbsent;
}

// The descriptions are left out: prose for people, most of the size, and nothing here acts on them.
const withoutProse = (key, value) =>
  key === 'description' && typeof value === 'string' ? undefined : value;

// One schema a line: reviewable as a diff, a third of the size of the indented form.
const lines = Object.keys(schemas)
  .sort()
  .map(name => `    ${JSON.stringify(name)}: ${JSON.stringify(schemas[name], withoutProse)}`);
const resourceLines = resources.map(r => `    ${JSON.stringify(r)}`);
writeFileSync(
  new URL(
    '../src/api-server/kubernetes/definitions.generated.json',
    import.meta.url,
  ),
  `{
  "version": ${JSON.stringify(version)},
  "resources": [
${resourceLines.join(',\n')}
  ],
  "schemas": {
${lines.join(',\n')}
  }
}
`,
);
