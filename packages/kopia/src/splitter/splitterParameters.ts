import { KopiaError } from '../errors';

/**
 * How a splitter cuts. A chunk is at least `minimum` and at most `maximum` bytes long, except the last of an object.
 */
export interface SplitterParameters {
  readonly name: string;
  readonly method: 'fixed' | 'buzhash' | 'rabinkarp';
  readonly minimum: number;
  readonly maximum: number;
  /** A cut follows a byte after which `hash & mask` is 0. */
  readonly mask: number;
}

const sizes: Record<string, number> = {
  '128K': 1 << 17,
  '256K': 1 << 18,
  '512K': 1 << 19,
  '1M': 1 << 20,
  '2M': 1 << 21,
  '4M': 1 << 22,
  '8M': 1 << 23,
};

function dynamic(
  name: string,
  size: string,
  method: 'buzhash' | 'rabinkarp',
): SplitterParameters {
  const average = sizes[size];
  return {
    name,
    method,
    minimum: average / 2,
    maximum: average * 2,
    mask: average - 1,
  };
}

function fixed(name: string, size: string): SplitterParameters {
  return {
    name,
    method: 'fixed',
    minimum: sizes[size],
    maximum: sizes[size],
    mask: 0,
  };
}

const splitters = new Map<string, SplitterParameters>(
  [
    fixed('FIXED', '4M'),
    dynamic('DYNAMIC', '4M', 'buzhash'),
    ...Object.keys(sizes).flatMap(size => [
      fixed(`FIXED-${size}`, size),
      dynamic(`DYNAMIC-${size}-BUZHASH`, size, 'buzhash'),
      dynamic(`DYNAMIC-${size}-RABINKARP`, size, 'rabinkarp'),
    ]),
  ].map(parameters => [parameters.name, parameters]),
);

/** Names of all splitters that repositories and policies can use. @public */
export const splitterNames: readonly string[] = [...splitters.keys()];

/** Parameters of the named splitter; a repository without one uses `FIXED`. Throws on an unknown name. */
export function splitterParameters(name: string): SplitterParameters {
  const found = splitters.get(name || 'FIXED');
  if (!found) throw new KopiaError('unsupported', `Unknown splitter "${name}"`);
  return found;
}

/** Bytes that are never cut: what is not longer is one chunk. */
export function neverCut({
  method,
  minimum,
  maximum,
}: SplitterParameters): number {
  return method === 'fixed' ? maximum : minimum - 1;
}
