import { KubeObject } from '../KubeObject';
import {
  FieldError,
  forbiddenValue,
  invalidValue,
  required,
  unsupportedValue,
} from '../StatusError';
import { equal, isObject, JsonObject, objectAt, stringAt } from '../json';
import { objects } from '../strategies/podDefaults';
import {
  isDnsLabel,
  isDnsSubdomain,
  labelMessage,
} from '../strategies/validateMetadata';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** The rules for CustomResourceDefinitions (apiextensions, pkg/apis/apiextensions/validation), structural schemas included. */
export function validateDefinition(
  object: KubeObject,
  old?: KubeObject,
): FieldError[] {
  const spec = objectAt(object, 'spec');
  const names = objectAt(spec, 'names');
  const errors: FieldError[] = [];
  const group = stringAt(spec, 'group');
  const plural = stringAt(names, 'plural');
  if (object.metadata.name !== `${plural}.${group}`) {
    errors.push(
      invalidValue(
        'metadata.name',
        object.metadata.name,
        'must be spec.names.plural+"."+spec.group',
      ),
    );
  }
  if (!group) errors.push(required('spec.group'));
  else if (!isDnsSubdomain(group) || !group.includes('.')) {
    errors.push(
      invalidValue(
        'spec.group',
        group,
        'should be a domain with at least one dot',
      ),
    );
  }
  const scopes = ['Cluster', 'Namespaced'];
  if (!scopes.includes(stringAt(spec, 'scope'))) {
    errors.push(
      spec.scope
        ? unsupportedValue('spec.scope', spec.scope, scopes)
        : required('spec.scope'),
    );
  }
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const value = stringAt(names, field);
    if (!value) errors.push(required(`spec.names.${field}`));
    else if (!isDnsLabel(value.toLowerCase())) {
      errors.push(invalidValue(`spec.names.${field}`, value, labelMessage));
    }
  }
  const versions = objects(spec.versions);
  if (versions.length === 0) errors.push(required('spec.versions'));
  const storage = versions.filter(v => v.storage === true);
  if (storage.length !== 1) {
    errors.push(
      invalidValue(
        'spec.versions',
        spec.versions ?? null,
        'must have exactly one version marked as storage version',
      ),
    );
    if (storage.length === 0 && versions.length > 0) {
      errors.push(
        invalidValue(
          'status.storedVersions',
          [],
          'must have at least one stored version',
        ),
      );
    }
  }
  if (spec.preserveUnknownFields === true) {
    errors.push(
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'must be false in order to use defaults in the schema',
      ),
    );
  }
  if (objectAt(spec, 'conversion').strategy === 'Webhook') {
    errors.push(
      unsupportedValue('spec.conversion.strategy', 'Webhook', ['None']),
    );
  }
  const schemas = versions.map(v => objectAt(v, 'schema').openAPIV3Schema);
  const shared = schemas.every(s => equal(s, schemas[0]));
  versions.forEach((version, index) => {
    if (shared && index > 0) return;
    const field = `spec.versions[${index}]`;
    if (!stringAt(version, 'name')) errors.push(required(`${field}.name`));
    const schema = objectAt(version, 'schema').openAPIV3Schema;
    if (!isObject(schema)) {
      errors.push(
        required(`${field}.schema.openAPIV3Schema`, 'schemas are required'),
      );
      return;
    }
    // The real server moves a schema that all versions share to the top.
    const at = shared
      ? 'spec.validation.openAPIV3Schema'
      : `${field}.schema.openAPIV3Schema`;
    if (schema.type !== 'object') {
      errors.push(
        schema.type
          ? invalidValue(
              `${at}.type`,
              schema.type,
              'must be object at the root',
            )
          : required(`${at}.type`, 'must not be empty at the root'),
      );
    }
    errors.push(...validateStructure(schema, at, true));
  });
  if (old) {
    const before = objectAt(old, 'spec');
    for (const field of ['group', 'scope']) {
      if (!equal(spec[field], before[field])) {
        errors.push(
          invalidValue(`spec.${field}`, spec[field], 'field is immutable'),
        );
      }
    }
    for (const field of ['plural', 'kind']) {
      if (!equal(names[field], objectAt(before, 'names')[field])) {
        errors.push(
          invalidValue(
            `spec.names.${field}`,
            names[field],
            'field is immutable',
          ),
        );
      }
    }
  }
  return errors;
}

/** Structural schemas: every level has a type, and what only validates (allOf …) declares none. */
function validateStructure(
  schema: JsonObject,
  field: string,
  root = false,
): FieldError[] {
  const errors: FieldError[] = [];
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.$ref !== undefined) {
    errors.push(forbiddenValue(`${field}.$ref`, 'must not be set'));
  }
  if (schema.type === undefined) {
    if (!root && !intOrString && !open) {
      errors.push(
        required(
          `${field}.type`,
          'must not be empty for specified object fields',
        ),
      );
    }
  } else if (!types.includes(String(schema.type))) {
    errors.push(unsupportedValue(`${field}.type`, schema.type, types));
  }
  if (schema.additionalProperties === false) {
    errors.push(
      forbiddenValue(
        `${field}.additionalProperties`,
        'additionalProperties cannot be set to false',
      ),
    );
  }
  if (
    isObject(schema.properties) &&
    schema.additionalProperties !== undefined
  ) {
    errors.push(
      forbiddenValue(
        `${field}.additionalProperties`,
        'additionalProperties and properties are mutual exclusive',
      ),
    );
  }
  if (schema.type === 'array' && !isObject(schema.items)) {
    errors.push(required(`${field}.items`, 'must be specified'));
  }
  for (const [name, child] of Object.entries(objectAt(schema, 'properties'))) {
    if (root && name === 'metadata') continue;
    if (isObject(child)) {
      errors.push(...validateStructure(child, `${field}.properties[${name}]`));
    }
  }
  if (isObject(schema.items)) {
    errors.push(...validateStructure(schema.items, `${field}.items`));
  }
  if (isObject(schema.additionalProperties)) {
    errors.push(
      ...validateStructure(
        schema.additionalProperties,
        `${field}.additionalProperties`,
      ),
    );
  }
  if (
    typeof schema.pattern === 'string' &&
    !isRegularExpression(schema.pattern)
  ) {
    errors.push(
      invalidValue(
        `${field}.pattern`,
        schema.pattern,
        'must be a valid regular expression',
      ),
    );
  }
  return errors;
}

function isRegularExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') !== undefined;
  } catch {
    return false;
  }
}
