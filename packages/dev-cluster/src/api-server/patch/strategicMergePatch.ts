import { badRequest } from '../StatusError';
import { clone, equal, isObject, JsonObject, setField } from '../json';
import { resolve, Schema } from '../kubernetes/definitions';

/**
 * Strategic merge patch (apimachinery, pkg/util/strategicpatch), for built-in types only: lists whose schema names a
 * merge key are merged by it, with the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and
 * `$deleteFromPrimitiveList/…`. Returns a new value. Throws 400 for a malformed patch.
 */
export function strategicMergePatch(
  target: unknown,
  patch: unknown,
  schema: Schema | undefined,
): unknown {
  if (!isObject(patch)) throw badRequest('the patch must be an object');
  return mergeObject(isObject(target) ? target : {}, patch, schema);
}

function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): JsonObject | undefined {
  if (patch.$patch === 'replace') {
    const { $patch, ...rest } = patch;
    return withoutDirectives(rest) as JsonObject;
  }
  if (patch.$patch === 'delete') return undefined;
  if (patch.$patch !== undefined && patch.$patch !== 'merge') {
    throw badRequest(`unknown patch type: ${String(patch.$patch)}`);
  }
  const shape = schema && resolve(schema);
  let result: JsonObject = { ...target };
  if (Array.isArray(patch.$retainKeys)) {
    const keep = patch.$retainKeys;
    result = Object.fromEntries(
      Object.entries(result).filter(([key]) => keep.includes(key)),
    );
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice('$deleteFromPrimitiveList/'.length);
      const gone = patch[key];
      const list = result[field];
      if (Array.isArray(list) && Array.isArray(gone)) {
        result[field] = list.filter(v => !gone.includes(v));
      }
    }
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith('$')) continue;
    const property =
      shape?.properties?.[key] ??
      (isObject(shape?.additionalProperties)
        ? (shape?.additionalProperties as Schema)
        : undefined);
    const merged = mergeField(result[key], patch[key], property);
    if (merged === undefined) delete result[key];
    else setField(result, key, merged);
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$setElementOrder/')) continue;
    const field = key.slice('$setElementOrder/'.length);
    const list = result[field];
    const order = patch[key];
    const property = shape?.properties?.[field];
    if (Array.isArray(list) && Array.isArray(order)) {
      result[field] = ordered(list, order, mergeKeyOf(property));
    }
  }
  return result;
}

function mergeField(
  current: unknown,
  patch: unknown,
  property: Schema | undefined,
): unknown {
  if (patch === null) return undefined;
  if (isObject(patch)) {
    const strategy = property?.['x-kubernetes-patch-strategy'] ?? '';
    const replaced =
      strategy.split(',').includes('replace') && patch.$patch === undefined;
    return mergeObject(
      isObject(current) && !replaced ? current : {},
      patch,
      property,
    );
  }
  if (Array.isArray(patch)) {
    const strategy = property?.['x-kubernetes-patch-strategy'] ?? '';
    if (!strategy.split(',').includes('merge')) return withoutDirectives(patch);
    const list = Array.isArray(current) ? current : [];
    const key = mergeKeyOf(property);
    return key
      ? mergeList(list, patch, key, property?.items)
      : mergePrimitives(list, patch);
  }
  return clone(patch);
}

function mergeKeyOf(property: Schema | undefined): string | undefined {
  return property?.['x-kubernetes-patch-merge-key'];
}

function mergePrimitives(list: unknown[], patch: unknown[]): unknown[] {
  const result = [...list];
  for (const value of patch) {
    if (!result.some(v => equal(v, value))) result.push(clone(value));
  }
  return result;
}

function mergeList(
  list: unknown[],
  patch: unknown[],
  key: string,
  items: Schema | undefined,
): unknown[] {
  const directives = patch.filter(
    (p): p is JsonObject => isObject(p) && p.$patch !== undefined,
  );
  const values = patch.filter(p => !isObject(p) || p.$patch === undefined);
  if (directives.some(d => d.$patch === 'replace')) {
    return values.map(withoutDirectives);
  }
  const gone = directives.filter(d => d.$patch === 'delete').map(d => d[key]);
  const result = list.filter(
    item => !(isObject(item) && gone.some(g => equal(g, item[key]))),
  );
  for (const value of values) {
    if (!isObject(value) || value[key] === undefined) {
      throw badRequest(
        `map: ${JSON.stringify(
          value,
        )} does not contain declared merge key: ${key}`,
      );
    }
    const index = result.findIndex(
      item => isObject(item) && equal(item[key], value[key]),
    );
    if (index < 0) {
      const added = mergeObject({}, value, items);
      if (added) result.push(added);
    } else {
      const merged = mergeObject(result[index] as JsonObject, value, items);
      if (merged) result[index] = merged;
      else result.splice(index, 1);
    }
  }
  return result;
}

/** Items named in `order` take its order; the others stay behind the item they stood behind. */
function ordered(
  list: unknown[],
  order: unknown[],
  key: string | undefined,
): unknown[] {
  const identity = (item: unknown) =>
    key && isObject(item) ? item[key] : item;
  const rank = (item: unknown) =>
    order.findIndex(o => equal(identity(o), identity(item)));
  const named = list
    .filter(item => rank(item) >= 0)
    .sort((a, b) => rank(a) - rank(b));
  const result = [...named];
  list.forEach((item, index) => {
    if (rank(item) >= 0) return;
    const before = list
      .slice(0, index)
      .reverse()
      .find(i => result.includes(i));
    result.splice(before ? result.indexOf(before) + 1 : 0, 0, item);
  });
  return result;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isObject(value)) return clone(value);
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (!key.startsWith('$') && value[key] !== null) {
      setField(result, key, withoutDirectives(value[key]));
    }
  }
  return result;
}
