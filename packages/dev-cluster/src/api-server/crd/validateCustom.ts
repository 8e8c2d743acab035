import Ajv, { ErrorObject, ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { KubeObject } from '../KubeObject';
import { FieldError, invalidValue } from '../StatusError';
import { CustomType } from '../resources/ResourceType';
import {
  at,
  isInteger,
  isNumber,
  isObject,
  JsonObject,
  withPlainNumbers,
} from '../json';

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** Formats that Kubernetes knows and JSON schema libraries do not, or know more strictly. */
const formats: { [name: string]: RegExp | true } = {
  bsonobjectid: /^[0-9a-fA-F]{24}$/,
  cidr: /^[0-9a-fA-F.:]+\/\d{1,3}$/,
  mac: /^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/,
  isbn: true,
  isbn10: true,
  isbn13: true,
  creditcard: true,
  ssn: true,
  hexcolor: /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
  rgbcolor: true,
  password: true,
  datetime: true,
  duration: true,
  quantity: true,
  'k8s-short-name': true,
  'k8s-long-name': true,
};

function validator(schema: JsonObject): ValidateFunction {
  let found = compiled.get(schema);
  if (!found) {
    const ajv = new Ajv({
      allErrors: true,
      strict: false,
      validateFormats: true,
      unicodeRegExp: false,
      verbose: true,
      logger: false,
    });
    addFormats(ajv);
    for (const [name, format] of Object.entries(formats)) {
      ajv.addFormat(name, format);
    }
    found = ajv.compile(withPlainNumbers(toJsonSchema(schema, true)) as object);
    compiled.set(schema, found);
  }
  return found;
}

const copied = [
  'enum',
  'format',
  'maximum',
  'minimum',
  'maxItems',
  'minItems',
  'maxLength',
  'minLength',
  'maxProperties',
  'minProperties',
  'multipleOf',
  'pattern',
  'required',
  'uniqueItems',
];

/** A structural schema as plain JSON schema: nullable, int-or-string and the 2019 form of exclusive bounds are spelt out. */
function toJsonSchema(schema: JsonObject, root = false): JsonObject {
  const result: JsonObject = {};
  for (const keyword of copied) {
    if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  }
  for (const [flag, bound, exclusive] of [
    ['exclusiveMaximum', 'maximum', 'exclusiveMaximum'],
    ['exclusiveMinimum', 'minimum', 'exclusiveMinimum'],
  ] as const) {
    if (schema[flag] === true && schema[bound] !== undefined) {
      result[exclusive] = schema[bound];
      delete result[bound];
    }
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    result.type = ['integer', 'string'];
  } else if (typeof schema.type === 'string') {
    result.type = schema.type;
  }
  if (schema.nullable === true && result.type !== undefined) {
    result.type = [result.type, 'null'].flat();
    if (Array.isArray(result.enum)) result.enum = [...result.enum, null];
  }
  if (isObject(schema.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties)
        .filter(([name]) => !(root && name === 'metadata'))
        .map(([name, child]) => [
          name,
          toJsonSchema(isObject(child) ? child : {}),
        ]),
    );
  }
  if (isObject(schema.items)) result.items = toJsonSchema(schema.items);
  if (schema.additionalProperties !== undefined) {
    result.additionalProperties = isObject(schema.additionalProperties)
      ? toJsonSchema(schema.additionalProperties)
      : schema.additionalProperties;
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    const list = schema[keyword];
    if (Array.isArray(list)) {
      result[keyword] = list.map(s => toJsonSchema(isObject(s) ? s : {}));
    }
  }
  if (isObject(schema.not)) result.not = toJsonSchema(schema.not);
  return result;
}

/** What is wrong with a custom resource by its schema, in the words of the real server. */
export function validateCustom(
  object: KubeObject,
  { schema, scale }: CustomType,
): FieldError[] {
  return [
    ...(schema ? schemaErrors(object, schema) : []),
    ...(scale ? replicasErrors(object, scale.specReplicasPath) : []),
  ];
}

/** The replicas of a scale subresource must be a number of its kind. */
function replicasErrors(object: KubeObject, path: string): FieldError[] {
  const value = at(object, ...path.replace(/^\./, '').split('.'));
  if (value === undefined || value === null) return [];
  if (isInteger(value)) {
    return Number(value) < 0
      ? [invalidValue(path, value, 'should be a non-negative integer')]
      : [];
  }
  return [invalidValue(path, value, `${path} accessor error: not an int64`)];
}

function schemaErrors(object: KubeObject, schema: JsonObject): FieldError[] {
  const validate = validator(schema);
  if (validate(withPlainNumbers(object))) return [];
  const errors = validate.errors ?? [];
  return errors.map(error => toFieldError(error, object));
}

function toFieldError(error: ErrorObject, object: KubeObject): FieldError {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map(p => p.replace(/~1/g, '/').replace(/~0/g, '~'));
  const field = parts
    .map(part => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
  const value = error.data;
  const shown =
    isObject(value) || Array.isArray(value)
      ? value
      : at(object, ...parts) ?? value;
  const join = (name: string) => (field ? `${field}.${name}` : name);
  const inBody = field || '<nil>';
  switch (error.keyword) {
    case 'required':
      return {
        type: 'FieldValueRequired',
        field: join(error.params.missingProperty),
        message: 'Required value',
      };
    case 'type': {
      const types = [error.params.type].flat().filter(t => t !== 'null');
      return {
        type: 'FieldValueTypeInvalid',
        field: inBody,
        message: `Invalid value: "${kindOf(
          value,
        )}": ${field} in body must be of type ${types.join(',')}: "${kindOf(
          value,
        )}"`,
      };
    }
    case 'enum':
      return {
        type: 'FieldValueNotSupported',
        field: inBody,
        message: `Unsupported value: ${JSON.stringify(
          shown,
        )}: supported values: ${(error.params.allowedValues as unknown[])
          .filter(v => v !== null)
          .map(v => JSON.stringify(v))
          .join(', ')}`,
      };
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return {
        type:
          error.keyword === 'maxLength'
            ? 'FieldValueTooLong'
            : 'FieldValueTooMany',
        field: inBody,
        message:
          error.keyword === 'maxLength'
            ? `Too long: may not be more than ${error.params.limit} bytes`
            : `Too many: ${sizeOf(value)}: must have at most ${
                error.params.limit
              } items`,
      };
    default:
      return {
        type:
          error.keyword === 'format'
            ? 'FieldValueTypeInvalid'
            : 'FieldValueInvalid',
        field: inBody,
        message: `Invalid value: ${JSON.stringify(
          shown,
        )}: ${field} in body ${describe(error)}`,
      };
  }
}

function describe(error: ErrorObject): string {
  const { keyword, params } = error;
  const texts: { [keyword: string]: string } = {
    minimum: `should be greater than or equal to ${params.limit}`,
    maximum: `should be less than or equal to ${params.limit}`,
    exclusiveMinimum: `should be greater than ${params.limit}`,
    exclusiveMaximum: `should be less than ${params.limit}`,
    minLength: `should be at least ${params.limit} chars long`,
    minItems: `should have at least ${params.limit} items`,
    minProperties: `should have at least ${params.limit} properties`,
    pattern: `should match '${params.pattern}'`,
    multipleOf: `should be a multiple of ${params.multipleOf}`,
    format: `must be of type ${params.format}: ${JSON.stringify(error.data)}`,
    uniqueItems: `shouldn't contain duplicates`,
    oneOf: 'must validate one and only one schema (oneOf)',
    anyOf: 'must validate at least one schema (anyOf)',
    not: 'must not validate the schema (not)',
  };
  return texts[keyword] ?? error.message ?? keyword;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isNumber(value)) return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}
