import { isJsonObject, JsonObject } from '../../backup/jsonPath';
import { cloneJson, equalJson } from '../../cluster/json';

/**
 * Keys by which Kubernetes merges lists of objects, by the list's name and, where one name means two things, by its parent.
 * Source: `patchMergeKey` of the built-in types.
 */
const mergeKeys: { [list: string]: string | ((parent: JsonObject) => string) } =
  {
    containers: 'name',
    initContainers: 'name',
    ephemeralContainers: 'name',
    volumes: 'name',
    env: 'name',
    volumeMounts: 'mountPath',
    volumeDevices: 'devicePath',
    imagePullSecrets: 'name',
    secrets: 'name',
    hostAliases: 'ip',
    resourceClaims: 'name',
    topologySpreadConstraints: 'topologyKey',
    ownerReferences: 'uid',
    conditions: 'type',
    // A Service's ports have `port`, a container's `containerPort`.
    ports: parent => ('name' in parent ? 'containerPort' : 'port'),
  };

/** Lists of plain values that are united instead of replaced. */
const unitedLists = new Set(['finalizers']);

const directive = '$patch';
const orderPrefix = '$setElementOrder/';

/**
 * Applies a strategic merge patch to a copy of a built-in object: lists of objects are merged by their key, `$patch: delete`,
 * `$patch: replace`, `$deleteFromPrimitiveList` and `$retainKeys` are followed.
 *
 * @throws Error for an unknown directive
 */
export function applyStrategicMergePatch<T extends object>(
  target: T,
  patch: JsonObject,
): T {
  return mergeObjects(cloneJson(target) as JsonObject, patch) as T;
}

function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject {
  const kind = patch[directive];
  if (kind === 'replace') {
    const { [directive]: _, ...rest } = patch;
    return cloneJson(rest);
  }
  if (kind === 'delete') {
    return {};
  }
  if (kind !== undefined && kind !== 'merge') {
    throw new Error(`unknown patch directive ${String(kind)}`);
  }
  const retained = patch.$retainKeys;
  const result: JsonObject = Array.isArray(retained)
    ? Object.fromEntries(
        Object.entries(target).filter(([key]) => retained.includes(key)),
      )
    : target;
  for (const [key, value] of Object.entries(patch)) {
    if (key === directive || key === '$retainKeys') {
      continue;
    }
    const deleteFrom = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key)?.[1];
    if (deleteFrom) {
      const list = result[deleteFrom];
      if (Array.isArray(list) && Array.isArray(value)) {
        result[deleteFrom] = list.filter(
          item => !value.some(unwanted => equalJson(item, unwanted)),
        );
      }
    } else if (key.startsWith(orderPrefix)) {
      continue;
    } else if (value === null) {
      delete result[key];
    } else if (isJsonObject(value)) {
      const before = result[key];
      result[key] = mergeObjects(isJsonObject(before) ? before : {}, value);
    } else if (Array.isArray(value)) {
      const merged = mergeLists(key, result, result[key], value);
      const order = patch[`${orderPrefix}${key}`];
      result[key] = Array.isArray(order)
        ? inOrder(merged, order, mergeKeyOf(key, result))
        : merged;
    } else {
      result[key] = value;
    }
  }
  return result;
}

function mergeKeyOf(list: string, parent: JsonObject): string | undefined {
  const rule = mergeKeys[list];
  return typeof rule === 'function' ? rule(parent) : rule;
}

/** Puts elements that the order names into that order; others stay behind the element they followed. */
function inOrder(
  list: unknown[],
  order: unknown[],
  key: string | undefined,
): unknown[] {
  const identity = (item: unknown) =>
    key && isJsonObject(item) ? item[key] : item;
  const rank = (item: unknown) =>
    order.findIndex(entry => equalJson(identity(entry), identity(item)));
  let last = -1;
  const ranked = list.map(item => {
    const own = rank(item);
    last = own < 0 ? last : own;
    return { item, rank: own < 0 ? last + 0.5 : own };
  });
  return ranked
    .sort((left, right) => left.rank - right.rank)
    .map(entry => entry.item);
}

function mergeLists(
  name: string,
  parent: JsonObject,
  before: unknown,
  patch: unknown[],
): unknown[] {
  const list = Array.isArray(before) ? [...before] : [];
  if (unitedLists.has(name)) {
    return [...list, ...patch.filter(item => !list.includes(item))];
  }
  const key = mergeKeyOf(name, parent);
  const objects = patch.filter(isJsonObject);
  if (
    !key ||
    objects.length !== patch.length ||
    objects.some(item => item[directive] === 'replace' && !(key in item))
  ) {
    return cloneJson(patch).filter(
      item => !(isJsonObject(item) && item[directive] === 'replace'),
    );
  }
  for (const item of objects) {
    const index = list.findIndex(
      known => isJsonObject(known) && equalJson(known[key], item[key]),
    );
    if (item[directive] === 'delete') {
      if (index >= 0) {
        list.splice(index, 1);
      }
    } else if (index >= 0) {
      list[index] = mergeObjects(list[index] as JsonObject, item);
    } else {
      list.push(mergeObjects({}, item));
    }
  }
  return list;
}
