import data from './definitions.generated.json';
import { JsonObject } from '../json';

/** Protobuf field number → JSON name, or the table of a struct that JSON shows inline. */
export interface ProtobufFields {
  [number: string]: string | ProtobufFields;
}

/** An OpenAPI v3 schema with the vendor extensions of Kubernetes. */
export interface Schema extends JsonObject {
  type?: string;
  format?: string;
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  description?: string;
  properties?: { [name: string]: Schema };
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  default?: unknown;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-go-omit-zero'?: string[];
  'x-go-null-when-absent'?: string[];
  'x-go-protobuf'?: ProtobufFields;
}

export interface DiscoveredResource {
  group: string;
  version: string;
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

/** The built-in API, taken from Kubernetes' own OpenAPI and discovery documents by scripts/writeKubernetesDefinitions.mjs. */
export const kubernetesDefinitions = data as unknown as {
  version: string;
  resources: (DiscoveredResource & {
    /** Of a subresource that answers with a kind of another group. */
    responseGroup?: string;
    responseVersion?: string;
  })[];
  schemas: { [name: string]: Schema };
};

const prefix = '#/components/schemas/';

/** The schema that a property's own schema stands for: `$ref` and `allOf` of one reference are followed. */
export function resolve(schema: Schema): Schema {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref ? kubernetesDefinitions.schemas[ref.slice(prefix.length)] : schema;
}

/** The schema of a served kind by its group, version and kind; undefined if there is none. */
export function schemaNameOfKind(
  group: string,
  version: string,
  kind: string,
): string | undefined {
  return kinds().get(`${group}/${version}/${kind}`);
}

let kindIndex: Map<string, string> | undefined;
function kinds(): Map<string, string> {
  if (!kindIndex) {
    kindIndex = new Map();
    for (const [name, schema] of Object.entries(
      kubernetesDefinitions.schemas,
    )) {
      const list = schema['x-kubernetes-group-version-kind'] as
        | { group: string; version: string; kind: string }[]
        | undefined;
      for (const gvk of list ?? []) {
        kindIndex.set(`${gvk.group}/${gvk.version}/${gvk.kind}`, name);
      }
    }
  }
  return kindIndex;
}
