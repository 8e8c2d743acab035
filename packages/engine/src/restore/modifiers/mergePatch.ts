import { isJsonObject, JsonObject } from '../../backup/jsonPath';
import { cloneJson, equalJson } from '../../cluster/json';

/** Applies a JSON Merge Patch (RFC 7386) to a copy of a value. */
export function applyMergePatch<T>(target: T, patch: unknown): T {
  return merge(target, patch) as T;
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) {
    return cloneJson(patch);
  }
  const result: JsonObject = isJsonObject(target)
    ? { ...cloneJson(target) }
    : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
    } else {
      result[key] = merge(result[key], value);
    }
  }
  return result;
}

/** The merge patch that turns one value into another, or undefined when they are equal. */
export function mergePatchBetween(
  from: JsonObject,
  to: JsonObject,
): JsonObject | undefined {
  const patch: JsonObject = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = from[key];
    const after = to[key];
    if (after === undefined || after === null) {
      if (before !== undefined && before !== null) {
        patch[key] = null;
      }
    } else if (isJsonObject(before) && isJsonObject(after)) {
      const inner = mergePatchBetween(before, after);
      if (inner) {
        patch[key] = inner;
      }
    } else if (!equalJson(before, after)) {
      patch[key] = cloneJson(after);
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
