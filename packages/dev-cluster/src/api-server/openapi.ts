import { createHash } from 'node:crypto';
import { isObject, JsonObject } from './json';
import { kubernetesDefinitions, Schema } from './kubernetes/definitions';
import { ResourceRegistry } from './resources/ResourceRegistry';
import { apiVersionOf, ResourceType } from './resources/ResourceType';

const metadataRef =
  '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const prefix = '#/components/schemas/';

function pathOf(group: string, version: string): string {
  return group ? `apis/${group}/${version}` : `api/${version}`;
}

/** GET /openapi/v3: where the document of each group and version is. */
export function openapiIndex(registry: ResourceRegistry): JsonObject {
  const paths: JsonObject = {};
  for (const { name, versions } of registry.groups()) {
    for (const version of versions) {
      const path = pathOf(name, version);
      const hash = createHash('sha256')
        .update(JSON.stringify(registry.ofVersion(name, version)))
        .digest('hex')
        .toUpperCase();
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    }
  }
  return { paths };
}

/** The OpenAPI v3 document of one group and version; undefined when it is not served. */
export function openapiDocument(
  registry: ResourceRegistry,
  path: string,
): JsonObject | undefined {
  const parts = path.split('/');
  const [group, version] =
    parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]];
  if (pathOf(group, version) !== path) return undefined;
  const types = registry.ofVersion(group, version);
  if (!types) return undefined;
  const schemas: { [name: string]: unknown } = {};
  const paths: JsonObject = {};
  for (const type of types) {
    if (type.custom) {
      schemas[type.schemaName] = customSchema(type);
      addReferenced(schemas, metadataRef.slice(prefix.length));
    } else {
      addReferenced(schemas, type.schemaName);
    }
    Object.assign(paths, pathsOf(type));
  }
  return {
    openapi: '3.0.0',
    info: {
      title: 'Kubernetes',
      version: `v${kubernetesDefinitions.version}`,
    },
    paths,
    components: { schemas },
  };
}

/** Adds a built-in schema and all that it refers to. */
function addReferenced(schemas: { [name: string]: unknown }, name: string) {
  if (schemas[name] || !kubernetesDefinitions.schemas[name]) return;
  const schema = kubernetesDefinitions.schemas[name];
  const shown = Object.fromEntries(
    Object.entries(schema).filter(([key]) => !key.startsWith('x-go-')),
  );
  schemas[name] = shown;
  for (const reference of references(schema)) addReferenced(schemas, reference);
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  const own =
    typeof value.$ref === 'string' && value.$ref.startsWith(prefix)
      ? [value.$ref.slice(prefix.length)]
      : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

function customSchema(type: ResourceType): Schema {
  const declared = type.custom?.schema ?? { type: 'object' };
  const properties = isObject(declared.properties) ? declared.properties : {};
  return {
    ...declared,
    type: 'object',
    properties: {
      ...properties,
      apiVersion: {
        type: 'string',
        description: 'Group and version of the kind.',
      },
      kind: { type: 'string', description: 'Name of the kind.' },
      metadata: {
        description: 'Name, namespace, labels and what the server keeps.',
        allOf: [{ $ref: metadataRef }],
      },
    },
    'x-kubernetes-group-version-kind': [
      { group: type.group, version: type.version, kind: type.kind },
    ],
  } as Schema;
}

/** kubectl asks these for the kind behind a path and for the parameters that a verb takes (`fieldValidation`). */
function pathsOf(type: ResourceType): JsonObject {
  const base = type.group
    ? `/apis/${apiVersionOf(type)}`
    : `/api/${type.version}`;
  const collection = type.namespaced
    ? `${base}/namespaces/{namespace}/${type.plural}`
    : `${base}/${type.plural}`;
  const reference = { $ref: `${prefix}${type.schemaName}` };
  const content = { 'application/json': { schema: reference } };
  const operation = (action: string, parameters: string[]) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': {
      group: type.group,
      version: type.version,
      kind: type.kind,
    },
    parameters: parameters.map(name => ({
      name,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    })),
    responses: { '200': { description: 'OK', content } },
  });
  const write = ['dryRun', 'fieldManager', 'fieldValidation'];
  const has = (verb: string) => type.verbs.includes(verb);
  return {
    [collection]: {
      ...(has('list')
        ? { get: operation('list', ['labelSelector', 'fieldSelector']) }
        : {}),
      ...(has('create')
        ? { post: { ...operation('post', write), requestBody: { content } } }
        : {}),
    },
    [`${collection}/{name}`]: {
      ...(has('get') ? { get: operation('get', []) } : {}),
      ...(has('update')
        ? { put: { ...operation('put', write), requestBody: { content } } }
        : {}),
      ...(has('patch')
        ? { patch: operation('patch', [...write, 'force']) }
        : {}),
      ...(has('delete') ? { delete: operation('delete', ['dryRun']) } : {}),
    },
  };
}
