import {
  kubernetesDefinitions,
  resolve,
  Schema,
} from '../kubernetes/definitions';
import {
  isInteger,
  isNumber,
  isObject,
  JsonObject,
  setField,
  withPlainNumbers,
} from '../json';
import { canonicalQuantity } from './quantity';

const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const opaque = new Set([
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
]);

/** A value that does not fit the Go type of its field. */
export class DecodeError extends Error {}

/**
 * Brings an object into the form it has after a trip through the Go type of its kind: fields of the wrong type are an
 * error, unknown fields are dropped (and named), empty optional fields vanish, structs are always there, quantities are
 * canonical. Throws DecodeError.
 */
export function decodeBuiltIn(
  value: unknown,
  schemaName: string,
): { value: JsonObject; unknownFields: string[] } {
  const unknownFields: string[] = [];
  const schema = kubernetesDefinitions.schemas[schemaName];
  const decoded = decode(value, schema, '', unknownFields);
  return { value: (decoded ?? {}) as JsonObject, unknownFields };
}

function refName(schema: Schema): string | undefined {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref?.slice(ref.lastIndexOf('/') + 1);
}

function decode(
  value: unknown,
  schema: Schema,
  path: string,
  unknownFields: string[],
): unknown {
  if (value === null || value === undefined) return undefined;
  const name = refName(schema);
  if (name && opaque.has(name)) return value;
  if (name === quantityName) return decodeQuantity(value, path);
  if (name === intOrString) {
    if (typeof value === 'string' || isInteger(value)) return value;
    throw mismatch(value, path, 'intstr.IntOrString');
  }
  const shape = resolve(schema);
  switch (shape.type) {
    case 'object':
      return shape.properties
        ? decodeStruct(value, shape, path, unknownFields)
        : decodeMap(value, shape, path, unknownFields);
    case 'array':
      if (!Array.isArray(value)) throw mismatch(value, path, 'slice');
      return value.map((item, index) => {
        const decoded = decode(
          item,
          shape.items ?? {},
          `${path}[${index}]`,
          unknownFields,
        );
        return decoded === undefined ? zeroOf(shape.items ?? {}) : decoded;
      });
    case 'string':
      return decodeString(value, shape, path);
    case 'integer':
      return decodeInteger(value, shape, path);
    case 'number':
      if (!isNumber(value)) throw mismatch(value, path, 'float64');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, path, 'bool');
      return value;
    default:
      return value;
  }
}

function decodeStruct(
  value: unknown,
  shape: Schema,
  path: string,
  unknownFields: string[],
): JsonObject {
  if (!isObject(value)) throw mismatch(value, path, 'struct');
  const omitZero = shape['x-go-omit-zero'] ?? [];
  const keepEmpty = shape['x-go-null-when-absent'] ?? [];
  const properties = shape.properties ?? {};
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const property = Object.hasOwn(properties, key)
      ? properties[key]
      : undefined;
    const at = path ? `${path}.${key}` : key;
    if (!property) {
      unknownFields.push(at);
      continue;
    }
    const decoded = decode(value[key], property, at, unknownFields);
    if (decoded === undefined) continue;
    if (omitZero.includes(key) && isZero(decoded)) continue;
    if (!keepEmpty.includes(key) && isEmptyCollection(decoded, property)) {
      continue;
    }
    setField(result, key, decoded);
  }
  for (const key of Object.keys(properties)) {
    if (result[key] !== undefined) continue;
    const fallback = properties[key].default;
    if (fallback === undefined) {
      if (keepEmpty.includes(key)) result[key] = null;
    } else if (isObject(fallback)) {
      result[key] = decode({}, properties[key], '', unknownFields);
    } else if (!omitZero.includes(key) || !isZero(fallback)) {
      result[key] = fallback;
    }
  }
  return result;
}

function decodeMap(
  value: unknown,
  shape: Schema,
  path: string,
  unknownFields: string[],
): JsonObject {
  if (!isObject(value)) throw mismatch(value, path, 'map');
  const items = shape.additionalProperties;
  if (!isObject(items)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const decoded = decode(
      value[key],
      items as Schema,
      `${path}.${key}`,
      unknownFields,
    );
    setField(
      result,
      key,
      decoded === undefined ? zeroOf(items as Schema) : decoded,
    );
  }
  return result;
}

function decodeString(value: unknown, shape: Schema, path: string): string {
  if (typeof value !== 'string') throw mismatch(value, path, 'string');
  if (shape.format === 'byte' && !isBase64(value)) {
    throw new DecodeError(
      `illegal base64 data at input byte ${firstNonBase64(value)}`,
    );
  }
  if (shape.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    throw new DecodeError(
      `parsing time ${JSON.stringify(
        value,
      )} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(
        value,
      )} as "2006"`,
    );
  }
  return value;
}

function decodeInteger(value: unknown, shape: Schema, path: string): unknown {
  const type = shape.format === 'int32' ? 'int32' : 'int64';
  const tooLarge =
    type === 'int32' && typeof value === 'number' && Math.abs(value) > 2 ** 31;
  if (!isInteger(value) || tooLarge) throw mismatch(value, path, type);
  return value;
}

function decodeQuantity(value: unknown, path: string): string {
  if (typeof value !== 'string' && !isNumber(value)) {
    throw mismatch(value, path, 'resource.Quantity');
  }
  const canonical = canonicalQuantity(String(withPlainNumbers(value)));
  if (canonical === undefined) {
    throw new DecodeError(
      `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    );
  }
  return canonical;
}

function mismatch(value: unknown, path: string, type: string): DecodeError {
  let kind: string = typeof value;
  if (Array.isArray(value)) kind = 'array';
  else if (isNumber(value)) kind = 'number';
  else if (kind === 'boolean') kind = 'bool';
  return new DecodeError(
    `json: cannot unmarshal ${kind} into Go struct field ${path} of type ${type}`,
  );
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function isEmptyCollection(value: unknown, property: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  const shape = resolve(property);
  return (
    shape.type === 'object' &&
    !shape.properties &&
    shape.additionalProperties !== undefined &&
    isObject(value) &&
    Object.keys(value).length === 0
  );
}

function zeroOf(schema: Schema): unknown {
  const shape = resolve(schema);
  const zeros: { [type: string]: unknown } = {
    string: '',
    integer: 0,
    number: 0,
    boolean: false,
  };
  return shape.type && shape.type in zeros ? zeros[shape.type] : null;
}

const base64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isBase64(text: string): boolean {
  return base64.test(text.replace(/[\r\n]/g, ''));
}

function firstNonBase64(text: string): number {
  const index = text.search(/[^A-Za-z0-9+/=\r\n]/);
  return index < 0 ? text.length : index;
}
