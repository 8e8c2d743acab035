import { BlobMetadata } from '../blob/BlobStorage';

/** What the names of index blobs say about epochs. */
export interface EpochState {
  /** The epoch that writers add to. */
  readonly writeEpoch: number;
  /** Seconds since 1970: deleted entries up to here do not exist any more. */
  readonly watermark: number;
  /** Complete single-epoch compactions. */
  readonly singles: ReadonlyMap<number, readonly BlobMetadata[]>;
  /** The chain of complete range checkpoints from epoch 0 on. */
  readonly ranges: readonly {
    readonly first: number;
    readonly last: number;
    readonly blobs: readonly BlobMetadata[];
  }[];
}

const numberAfter = (id: string, prefix: string) => {
  const text = id.slice(prefix.length);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

const largest = (blobs: readonly BlobMetadata[], prefix: string) =>
  blobs.reduce(
    (most, { id }) => Math.max(most, numberAfter(id, prefix) ?? 0),
    0,
  );

/** The first set of blobs whose names say that it is complete: `…-s<set>-c<count>` (Kopia: complete sets). */
export function firstCompleteSet(
  blobs: readonly BlobMetadata[],
): readonly BlobMetadata[] | undefined {
  const sets = new Map<string, BlobMetadata[]>();
  const sorted = [...blobs].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const blob of sorted) {
    const [, set, count] = blob.id.split('-');
    if (!set?.startsWith('s') || !/^c\d+$/.test(count ?? '')) return [blob];
    const found = sets.get(set) ?? [];
    found.push(blob);
    sets.set(set, found);
    if (found.length === Number(count.slice(1))) return found;
  }
  return undefined;
}

function group<K>(
  blobs: readonly BlobMetadata[],
  keyOf: (id: string) => K | undefined,
): Map<K, BlobMetadata[]> {
  const groups = new Map<K, BlobMetadata[]>();
  for (const blob of blobs) {
    const key = keyOf(blob.id);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), blob]);
  }
  return groups;
}

type Range = EpochState['ranges'][number];

/** The chain that begins at epoch 0 and reaches furthest, with the fewest members among equals. */
function longestChain(ranges: readonly Range[]): readonly Range[] {
  const byStart = new Map<number, Range[]>();
  for (const range of ranges)
    byStart.set(range.first, [...(byStart.get(range.first) ?? []), range]);
  const best = new Map<number, readonly Range[]>();
  const starts = [
    ...new Set([...ranges.map(({ last }) => last + 1), ...byStart.keys()]),
  ].sort((a, b) => b - a);
  for (const start of starts) {
    let chosen: readonly Range[] = [];
    for (const range of byStart.get(start) ?? []) {
      if (range.last < range.first) continue;
      const chain = [range, ...(best.get(range.last + 1) ?? [])];
      const end = chain[chain.length - 1].last;
      const chosenEnd = chosen.length ? chosen[chosen.length - 1].last : -1;
      if (
        end > chosenEnd ||
        (end === chosenEnd && chain.length < chosen.length)
      )
        chosen = chain;
    }
    best.set(start, chosen);
  }
  return best.get(0) ?? [];
}

/**
 * Reads the state from listings of the markers (`xe`), watermarks (`xw`), compactions (`xs`) and ranges (`xr`)
 * (Kopia: epoch manager).
 */
export function epochState(listings: {
  markers: readonly BlobMetadata[];
  watermarks: readonly BlobMetadata[];
  singles: readonly BlobMetadata[];
  ranges: readonly BlobMetadata[];
}): EpochState {
  const singles = new Map<number, readonly BlobMetadata[]>();
  for (const [epoch, blobs] of group(listings.singles, id => {
    const match = /^xs(\d{1,15})_/.exec(id);
    return match ? Number(match[1]) : undefined;
  })) {
    const complete = firstCompleteSet(blobs);
    if (complete) singles.set(epoch, complete);
  }
  const ranges: Range[] = [];
  for (const [key, blobs] of group(
    listings.ranges,
    id => /^xr(\d{1,15}_\d{1,15})_/.exec(id)?.[1],
  )) {
    const [first, last] = key.split('_').map(Number);
    const complete = firstCompleteSet(blobs);
    if (complete) ranges.push({ first, last, blobs: complete });
  }
  return {
    writeEpoch: largest(listings.markers, 'xe'),
    watermark: largest(listings.watermarks, 'xw'),
    singles,
    ranges: longestChain(ranges),
  };
}

/** The first epoch that no range covers. */
export function firstUncoveredEpoch(state: EpochState): number {
  const last = state.ranges[state.ranges.length - 1];
  return last ? last.last + 1 : 0;
}

/** An epoch is settled when no writer can add to it any more: two before the current one. */
export function isSettled(epoch: number, state: EpochState): boolean {
  return epoch <= state.writeEpoch - 2;
}

/**
 * Epochs whose single index blobs a reader must list, up to the one after the current: another client may have
 * advanced already.
 */
export function epochsToList(state: EpochState): number[] {
  const epochs: number[] = [];
  for (
    let epoch = firstUncoveredEpoch(state);
    epoch <= state.writeEpoch + 1;
    epoch++
  ) {
    if (!isSettled(epoch, state) || !state.singles.has(epoch))
      epochs.push(epoch);
  }
  return epochs;
}

/** Blobs of compactions that a reader must load. */
export function compactedBlobs(state: EpochState): BlobMetadata[] {
  const blobs = state.ranges.flatMap(range => range.blobs);
  for (let epoch = firstUncoveredEpoch(state); isSettled(epoch, state); epoch++)
    blobs.push(...(state.singles.get(epoch) ?? []));
  return blobs;
}
