import { KopiaError } from '../errors';

/** How a folder spreads blobs over sub-folders; the file `.shards` at its root (Kopia: sharded storage). */
export interface Sharding {
  readonly default: readonly number[];
  readonly maxNonShardedLength: number;
  readonly overrides?:
    | readonly { readonly prefix: string; readonly shards: readonly number[] }[]
    | null;
}

/** What new repositories use. */
export const newSharding: Sharding = {
  default: [1, 3],
  maxNonShardedLength: 20,
};
/** What a folder without `.shards` uses. */
export const oldSharding: Sharding = {
  default: [3, 3],
  maxNonShardedLength: 20,
};

const isShards = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.every(size => Number.isInteger(size) && size > 0);

/** Parses `.shards`. Throws `corrupt` on anything unexpected: guessing would scatter blobs. */
export function parseSharding(text: string): Sharding {
  let parsed: Partial<Sharding> | null;
  try {
    parsed = JSON.parse(text) as Partial<Sharding> | null;
  } catch (cause) {
    throw new KopiaError('corrupt', 'The file .shards is not JSON', { cause });
  }
  const overrides = parsed?.overrides ?? [];
  if (
    !parsed ||
    Array.isArray(parsed) ||
    !isShards(parsed.default ?? []) ||
    !Number.isInteger(parsed.maxNonShardedLength ?? 0) ||
    !overrides.every(
      ({ prefix, shards }) => typeof prefix === 'string' && isShards(shards),
    )
  ) {
    throw new KopiaError('corrupt', 'The file .shards has an unknown form');
  }
  return {
    default: parsed.default ?? [],
    maxNonShardedLength: parsed.maxNonShardedLength ?? 0,
    overrides,
  };
}

/** The text of `.shards`. */
export function formatSharding({
  default: shards,
  maxNonShardedLength,
}: Sharding): string {
  return `${JSON.stringify({ default: shards, maxNonShardedLength })}\n`;
}

/** Folders and file name of a blob, relative to the root. */
export function shardedPath(id: string, sharding: Sharding): string[] {
  if (id.length <= sharding.maxNonShardedLength) return [`${id}.f`];
  const sizes =
    sharding.overrides?.find(({ prefix }) => id.startsWith(prefix))?.shards ??
    sharding.default;
  const path: string[] = [];
  let rest = id;
  for (const size of sizes) {
    if (rest.length <= size) break;
    path.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return [...path, `${rest}.f`];
}
