/**
 * JSON as the API server keeps it. Integers are kept with their source text where a JavaScript number would round them
 * (9007199254740993), as Go's int64 does; every other number becomes a float64, as in Go.
 */
declare global {
  interface JSON {
    rawJSON(text: string): { readonly rawJSON: string };
    isRawJSON(value: unknown): value is { readonly rawJSON: string };
  }
}

export type JsonObject = { [field: string]: unknown };

const longDigits = /\d{16}/;
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

function keepInteger(
  _key: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  if (
    typeof value !== 'number' ||
    Number.isSafeInteger(value) ||
    !context?.source ||
    !/^-?\d+$/.test(context.source)
  ) {
    return value;
  }
  const exact = BigInt(context.source);
  return exact >= int64.min && exact <= int64.max
    ? JSON.rawJSON(context.source)
    : value;
}

/** Parses JSON text without rounding integers of up to 64 bits. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return longDigits.test(text)
    ? JSON.parse(text, keepInteger as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !JSON.isRawJSON(value)
  );
}

/** A number, also one that is kept as its source text. */
export function isNumber(value: unknown): boolean {
  return typeof value === 'number' || JSON.isRawJSON(value);
}

export function isInteger(value: unknown): boolean {
  return JSON.isRawJSON(value) || Number.isInteger(value);
}

export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T;
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setField(copy, key, clone(value[key]));
  return copy as T;
}

/** Sets a field also when its name is `__proto__`, which plain assignment would swallow. */
export function setField(target: JsonObject, key: string, value: unknown) {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => equal(item, b[index]))
    );
  }
  if (isObject(a)) {
    if (!isObject(b)) return false;
    const keys = Object.keys(a).filter(key => a[key] !== undefined);
    return (
      keys.length ===
        Object.keys(b).filter(key => b[key] !== undefined).length &&
      keys.every(key => equal(a[key], b[key]))
    );
  }
  return JSON.isRawJSON(a) && JSON.isRawJSON(b) && a.rawJSON === b.rawJSON;
}

/** The value with every exact integer as a plain number, for libraries that know only those (validation). */
export function withPlainNumbers(value: unknown): unknown {
  if (JSON.isRawJSON(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) return value.map(withPlainNumbers);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    setField(copy, key, withPlainNumbers(value[key]));
  }
  return copy;
}

/** The field at a path of names, or undefined where any part of it is absent. */
export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isObject(current)) return undefined;
    current = current[name];
  }
  return current;
}

export function stringAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function objectAt(value: unknown, ...path: string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}
