import { isRawNumber } from '../cluster/json';

/** A JSON object. */
export type JsonObject = { [key: string]: unknown };

/** True for a JSON object: not null, not a list, not a number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !isRawNumber(value)
  );
}

/** The value at a path of object keys, or undefined when a step is missing or not an object. */
export function valueAt(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isJsonObject(current) || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = current[key];
  }
  return current;
}

/** The string at a path, or undefined when it is missing, empty or not a string. */
export function stringAt(
  value: unknown,
  ...path: string[]
): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The object at a path, or an empty one. */
export function objectAt(value: unknown, ...path: string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isJsonObject(found) ? found : {};
}

/** The objects in the list at a path; other members are left out. */
export function objectsAt(value: unknown, ...path: string[]): JsonObject[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

/** The strings in the list at a path; other members are left out. */
export function stringsAt(value: unknown, ...path: string[]): string[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found)
    ? found.filter((item): item is string => typeof item === 'string')
    : [];
}

/** Removes members at the path when they exist; empty parents stay. */
export function removeAt(value: unknown, ...path: string[]): void {
  const parent = valueAt(value, ...path.slice(0, -1));
  if (isJsonObject(parent)) {
    delete parent[path[path.length - 1]];
  }
}
