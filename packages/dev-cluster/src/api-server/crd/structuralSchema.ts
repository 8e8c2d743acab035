import { clone, isObject, JsonObject, setField } from '../json';

const embeddedFields = ['apiVersion', 'kind', 'metadata'];

function isOpen(schema: JsonObject): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

/**
 * The object without the fields that its structural schema does not know (apiextensions, pkg/apiserver/schema/pruning).
 * `dropped` takes the paths of what went.
 */
export function prune(
  object: JsonObject,
  schema: JsonObject,
  dropped: string[] = [],
): JsonObject {
  return pruneValue(object, schema, '', true, dropped) as JsonObject;
}

function pruneValue(
  value: unknown,
  schema: JsonObject,
  path: string,
  keepsTypeMeta: boolean,
  dropped: string[],
): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isObject(items)
      ? value.map((item, index) =>
          pruneValue(
            item,
            items,
            `${path}[${index}]`,
            items['x-kubernetes-embedded-resource'] === true,
            dropped,
          ),
        )
      : value;
  }
  if (!isObject(value)) return value;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const rest = schema.additionalProperties;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const at = path ? `${path}.${key}` : key;
    if (keepsTypeMeta && embeddedFields.includes(key)) {
      result[key] = value[key];
      continue;
    }
    const property = Object.hasOwn(properties, key) ? properties[key] : rest;
    if (isObject(property)) {
      setField(
        result,
        key,
        pruneValue(
          value[key],
          property,
          at,
          property['x-kubernetes-embedded-resource'] === true,
          dropped,
        ),
      );
    } else if (property === true || isOpen(schema)) {
      setField(result, key, value[key]);
    } else {
      dropped.push(at);
    }
  }
  return result;
}

/**
 * Drops nulls where none may be, and fills in the schema's defaults (apiextensions, pkg/apiserver/schema/defaulting).
 * Changes the value in place; give it a copy.
 */
export function applySchemaDefaults(value: unknown, schema: JsonObject) {
  if (Array.isArray(value)) {
    if (isObject(schema.items)) {
      for (const item of value) applySchemaDefaults(item, schema.items);
    }
    return;
  }
  if (!isObject(value)) return;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const rest = schema.additionalProperties;
  for (const key of Object.keys(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : rest;
    if (
      value[key] === null &&
      isObject(property) &&
      property.nullable !== true
    ) {
      delete value[key];
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    if (value[key] === undefined && property.default !== undefined) {
      value[key] = clone(property.default);
    }
    applySchemaDefaults(value[key], property);
  }
  if (isObject(rest)) {
    for (const [key, child] of Object.entries(value)) {
      if (!Object.hasOwn(properties, key)) applySchemaDefaults(child, rest);
    }
  }
}
