interface RawJson {
  rawJSON: string;
}

const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): boolean;
};

// Numbers that JavaScript may print differently than they were written. It only
// has to find all of them: a hit inside a string merely costs the slower way.
const suspiciousNumber = /(?:^|[:,[\s])(?:-?(?:\d+[.eE]|\d{16})|-0)/;

/**
 * JSON.parse that never rounds: a number that JavaScript would print
 * differently from its source text (9007199254740993, 1.0, 1e3) becomes a raw
 * JSON value, which `stringifyJson` writes back as it was. Such a value is an
 * opaque object: do not compute with it, and copy with `cloneJson`, not with
 * structuredClone.
 *
 * @throws SyntaxError when the text is not JSON.
 * @public
 */
export function parseJson<T = unknown>(text: string): T {
  if (!suspiciousNumber.test(text)) {
    return JSON.parse(text) as T;
  }
  const reviver = (
    _key: string,
    value: unknown,
    context?: { source?: string },
  ): unknown => {
    if (typeof value !== 'number') return value;
    const source = context?.source;
    if (source === undefined || source === String(value)) return value;
    return rawJSON(source);
  };
  return JSON.parse(text, reviver) as T;
}

/**
 * JSON.stringify for values from `parseJson`: compact, numbers as they came.
 * With `sortKeys` members are in the byte order of their names, as Go writes maps.
 * @public
 */
export function stringifyJson(
  value: unknown,
  options: { sortKeys?: boolean; indent?: number } = {},
): string {
  return JSON.stringify(
    options.sortKeys ? sortKeys(value) : value,
    undefined,
    options.indent,
  );
}

/** Whether a value is a number kept in its source text. @public */
export function isRawNumber(value: unknown): value is { rawJSON: string } {
  return isRawJSON(value);
}

/** A deep copy of a JSON value that keeps raw numbers. @public */
export function cloneJson<T>(value: T): T {
  if (value === null || typeof value !== 'object' || isRawJSON(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(cloneJson) as T;
  }
  return mapMembers(value, cloneJson) as T;
}

/** Whether two JSON values are equal, whatever the order of members. @public */
export function equalJson(a: unknown, b: unknown): boolean {
  return (
    stringifyJson(a, { sortKeys: true }) ===
    stringifyJson(b, { sortKeys: true })
  );
}

function sortKeys(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || isRawJSON(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  return mapMembers(value, sortKeys, true);
}

function mapMembers(
  value: object,
  transform: (member: unknown) => unknown,
  sorted = false,
): object {
  const entries = Object.entries(value);
  if (sorted) entries.sort(([a], [b]) => compareBytes(a, b));
  const result: Record<string, unknown> = {};
  for (const [key, member] of entries) {
    // defineProperty: a member named __proto__ must stay an ordinary member.
    Object.defineProperty(result, key, {
      value: transform(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
