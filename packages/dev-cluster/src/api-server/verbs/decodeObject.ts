import { parse as parseYaml } from 'yaml';
import { KubeObject, Metadata } from '../KubeObject';
import {
  badRequest,
  invalidOption,
  unsupportedMediaType,
  unsupportedValue,
} from '../StatusError';
import { clone, isObject, JsonObject, parseJson } from '../json';
import { apiVersionOf, ResourceType } from '../resources/ResourceType';
import { applySchemaDefaults, prune } from '../crd/structuralSchema';
import { DecodeError, decodeBuiltIn } from '../schema/decodeBuiltIn';
import { parseProtobuf } from '../http/protobuf';
import { applyDefaults } from '../strategies/defaults';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** A request body as a value. Throws 400 for what cannot be parsed and 415 for types that nobody reads here. */
export function parseBody(bytes: Buffer, contentType: string): unknown {
  const mediaType = contentType.split(';')[0].trim().toLowerCase();
  if (mediaType === 'application/vnd.kubernetes.protobuf') {
    return parseProtobuf(bytes);
  }
  const body = bytes.toString('utf8');
  try {
    if (
      mediaType === '' ||
      mediaType === 'application/json' ||
      mediaType.endsWith('+json') ||
      mediaType === '*/*'
    ) {
      return parseJson(body);
    }
    if (mediaType === 'application/yaml') {
      return parseYaml(body, { intAsBigInt: false });
    }
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type JSON or YAML): ${
        (error as Error).message
      }`,
    );
  }
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
  );
}

const metadataSchema = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * An object as the API server sees it after decoding and defaulting: of the kind that the path asks for, in its Go or
 * schema form. Unknown fields are dropped and named in `warnings`, or refused where the client asks for that.
 */
export function decodeObject(
  type: ResourceType,
  value: unknown,
  fieldValidation: FieldValidation,
): { object: KubeObject; warnings: string[] } {
  if (!isObject(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind})`,
    );
  }
  const gvk = apiVersionOf(type);
  if (
    (value.kind !== undefined &&
      value.kind !== '' &&
      value.kind !== type.kind) ||
    (value.apiVersion !== undefined &&
      value.apiVersion !== '' &&
      value.apiVersion !== gvk)
  ) {
    throw badRequest(
      value.kind !== type.kind
        ? `${type.kind} in version "${type.version}" cannot be handled as a ${
            type.kind
          }: the object provided is a ${String(value.kind)} of ${String(
            value.apiVersion,
          )}`
        : `the API version in the data (${String(
            value.apiVersion,
          )}) does not match the expected API version (${gvk})`,
    );
  }
  if (type.custom && (!value.kind || !value.apiVersion)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): apiVersion and kind are required`,
    );
  }
  const { object, unknownFields } = type.custom
    ? decodeCustom(type, value)
    : decodeTyped(type, value);
  if (unknownFields.length > 0 && fieldValidation === 'Strict') {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${
        type.kind
      }: strict decoding error: ${unknownFields
        .map(f => `unknown field "${f}"`)
        .join(', ')}`,
    );
  }
  return {
    object,
    warnings:
      fieldValidation === 'Warn'
        ? unknownFields.map(f => `unknown field "${f}"`)
        : [],
  };
}

function decodeTyped(type: ResourceType, value: JsonObject) {
  try {
    const { value: decoded, unknownFields } = decodeBuiltIn(
      value,
      type.schemaName,
    );
    const object = withType(decoded, type);
    applyDefaults(type.collection, object);
    return { object, unknownFields };
  } catch (error) {
    if (error instanceof DecodeError) {
      throw badRequest(
        `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${error.message}`,
      );
    }
    throw error;
  }
}

/** Brings a built-in object back into its Go form after something was changed in it. */
export function normalise(type: ResourceType, object: KubeObject): KubeObject {
  if (type.custom) return object;
  return withType(decodeBuiltIn(object, type.schemaName).value, type);
}

function withType(value: JsonObject, type: ResourceType): KubeObject {
  const { managedFields, ...metadata } = (
    isObject(value.metadata) ? value.metadata : {}
  ) as Metadata;
  return {
    ...value,
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata,
  };
}

function decodeCustom(type: ResourceType, value: JsonObject) {
  const unknownFields: string[] = [];
  let metadata: JsonObject;
  try {
    const decoded = decodeBuiltIn(value.metadata ?? {}, metadataSchema);
    metadata = decoded.value;
    unknownFields.push(...decoded.unknownFields.map(f => `metadata.${f}`));
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message);
    throw error;
  }
  let object = withType({ ...value, metadata }, type);
  const { schema, preserveUnknownFields } = type.custom ?? {};
  if (schema) {
    object = clone(
      preserveUnknownFields
        ? object
        : (prune(object, schema, unknownFields) as KubeObject),
    );
    applySchemaDefaults(object, schema);
  }
  return { object, unknownFields };
}

/** `fieldValidation` of a request. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') || 'Warn';
  if (value !== 'Ignore' && value !== 'Warn' && value !== 'Strict') {
    throw invalidOption(
      'CreateOptions',
      unsupportedValue('fieldValidation', value, ['Ignore', 'Strict', 'Warn']),
    );
  }
  return value;
}

/** `dryRun` of a request: All, or not at all. */
export function dryRunOf(values: unknown[]): boolean {
  for (const value of values) {
    if (value !== 'All') {
      throw invalidOption(
        'CreateOptions',
        unsupportedValue('dryRun', values, ['All']),
      );
    }
  }
  return values.length > 0;
}
