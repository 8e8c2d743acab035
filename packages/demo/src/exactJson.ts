type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context: { source?: string },
) => unknown;

const exact = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
};

/** Parses JSON; integers that a number cannot hold exactly become bigints. */
export function parseExactJson(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) => {
    if (
      typeof value === 'number' &&
      source !== undefined &&
      /^-?\d+$/.test(source) &&
      !Number.isSafeInteger(value)
    ) {
      return BigInt(source);
    }
    return value;
  });
}

/** The reverse of `parseExactJson`. */
export function stringifyExactJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, each: unknown) =>
      typeof each === 'bigint' ? exact.rawJSON(String(each)) : each,
    indent,
  );
}
