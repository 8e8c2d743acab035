interface RawJson {
  rawJSON(text: string): unknown;
}

type SourceReviver = (
  key: string,
  value: unknown,
  context: { source?: string },
) => unknown;

/**
 * Parses JSON so that writing it again gives every number its original text: durations in nanoseconds and sizes can
 * exceed what a JavaScript number holds exactly. Such numbers become opaque values.
 */
export function parseExactJson(text: string): unknown {
  const keepSource: SourceReviver = (_, value, { source }) =>
    typeof value === 'number' &&
    source !== undefined &&
    String(value) !== source
      ? (JSON as unknown as RawJson).rawJSON(source)
      : value;
  return JSON.parse(
    text,
    keepSource as (key: string, value: unknown) => unknown,
  );
}
