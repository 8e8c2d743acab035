import { clone, isObject, JsonObject, setField } from '../json';

/** RFC 7396. Returns a new value; `null` removes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) delete result[key];
    else setField(result, key, mergePatch(result[key], patch[key]));
  }
  return result;
}
