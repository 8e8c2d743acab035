import { badRequest, StatusError } from '../StatusError';
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
      const live = target[field];
      result[field] = arranged(
        list,
        order,
        Array.isArray(live) ? live : [],
        mergeKeyOf(property),
      );
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
  return arranged(result, patch, list, undefined);
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
      throw new StatusError(
        500,
        '',
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
  return arranged(result, values, list, key);
}

/**
 * The order of a merged list: items named in the patch in its order, the others where they stood among them in the live
 * list, as far as both orders allow (strategicpatch, normalizeElementOrder and mergeSortedSlice).
 */
function arranged(
  merged: unknown[],
  order: unknown[],
  live: unknown[],
  key: string | undefined,
): unknown[] {
  const identity = (item: unknown) =>
    key && isObject(item) ? item[key] : item;
  const place = (list: unknown[], item: unknown) =>
    list.findIndex(other => equal(identity(other), identity(item)));
  const sorted = (list: unknown[], by: unknown[]) =>
    [...list].sort((a, b) => place(by, a) - place(by, b));
  const named = sorted(
    merged.filter(item => place(order, item) >= 0),
    order,
  );
  const others = sorted(
    merged.filter(item => place(order, item) < 0),
    live,
  );
  const result: unknown[] = [];
  while (named.length > 0 || others.length > 0) {
    const left = place(live, others[0]);
    const right = place(live, named[0]);
    const otherFirst =
      named.length === 0 ||
      (others.length > 0 && left >= 0 && right >= 0 && left < right);
    result.push(otherFirst ? others.shift() : named.shift());
  }
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
