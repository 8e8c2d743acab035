import { BlobMetadata } from '../blob/BlobStorage';
import { EpochState, firstUncoveredEpoch, isSettled } from '../content/epochs';
import type { Repository } from '../Repository';
import { writeMergedIndexes } from './writeMergedIndexes';

const nanosecondsPerMs = 1e6;

async function epochBlobs(
  repository: Repository,
  epoch: number,
  signal?: AbortSignal,
): Promise<BlobMetadata[]> {
  return repository.listBlobs(`xn${epoch}_`, signal);
}

async function mergeBlobs(
  repository: Repository,
  prefix: string,
  blobs: readonly BlobMetadata[],
  signal?: AbortSignal,
) {
  const { readers, close } = await repository.contents.indexes.readersOf(
    blobs,
    signal,
  );
  try {
    await writeMergedIndexes(repository, prefix, readers, signal);
  } finally {
    close();
  }
}

async function currentState(
  repository: Repository,
  signal?: AbortSignal,
): Promise<EpochState> {
  return (await repository.contents.indexes.list(signal)).state;
}

/** Compacts the oldest settled epoch that is not compacted yet. @returns it, or undefined */
export async function compactSingleEpoch(
  repository: Repository,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const state = await currentState(repository, signal);
  for (
    let epoch = firstUncoveredEpoch(state);
    isSettled(epoch, state);
    epoch++
  ) {
    if (state.singles.has(epoch)) continue;
    const blobs = await epochBlobs(repository, epoch, signal);
    if (blobs.length === 0) continue;
    await mergeBlobs(repository, `xs${epoch}_`, blobs, signal);
    return epoch;
  }
  return undefined;
}

/** Begins a new epoch when the current one is old enough and has many blobs. @returns the new one, or undefined */
export async function advanceEpoch(
  repository: Repository,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { writeEpoch } = await currentState(repository, signal);
  const blobs = await epochBlobs(repository, writeEpoch, signal);
  if (blobs.length === 0) return undefined;
  const times = blobs.map(({ timestamp }) => timestamp);
  const age =
    times.reduce((a, b) => Math.max(a, b)) -
    times.reduce((a, b) => Math.min(a, b));
  const {
    MinEpochDuration,
    EpochAdvanceOnCountThreshold,
    EpochAdvanceOnTotalSizeBytesThreshold,
  } = repository.format.epochs;
  if (age < MinEpochDuration / nanosecondsPerMs) return undefined;
  const size = blobs.reduce((sum, { length }) => sum + length, 0);
  if (
    blobs.length < EpochAdvanceOnCountThreshold &&
    size < EpochAdvanceOnTotalSizeBytesThreshold
  )
    return undefined;
  await repository.storage.put(
    `xe${writeEpoch + 1}`,
    Buffer.from('epoch-marker'),
    { signal },
  );
  return writeEpoch + 1;
}

/** Merges many settled epochs into one range. @returns the range, or undefined */
export async function compactRange(
  repository: Repository,
  signal?: AbortSignal,
): Promise<[number, number] | undefined> {
  const state = await currentState(repository, signal);
  const low = firstUncoveredEpoch(state);
  const high = state.writeEpoch - 2;
  if (
    high < low ||
    high - low < repository.format.epochs.FullCheckpointFrequency
  )
    return undefined;
  const blobs: BlobMetadata[] = [];
  for (let epoch = low; epoch <= high; epoch++) {
    blobs.push(
      ...(state.singles.get(epoch) ??
        (await epochBlobs(repository, epoch, signal))),
    );
  }
  if (blobs.length === 0) return undefined;
  await mergeBlobs(repository, `xr${low}_${high}_`, blobs, signal);
  return [low, high];
}

/** The newest storage timestamp of the epochs that are being written: "now" by the storage's clock. */
async function storageNow(
  repository: Repository,
  writeEpoch: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  let newest: number | undefined;
  for (const epoch of [writeEpoch - 1, writeEpoch, writeEpoch + 1]) {
    if (epoch < 0) continue;
    for (const { timestamp } of await epochBlobs(repository, epoch, signal))
      newest = Math.max(newest ?? 0, timestamp);
  }
  return newest;
}

/** Deletes markers of epochs and watermarks that are no longer read. @returns how many */
export async function cleanUpMarkers(
  repository: Repository,
  signal?: AbortSignal,
): Promise<number> {
  const state = await currentState(repository, signal);
  const margin =
    repository.format.epochs.CleanupSafetyMargin / nanosecondsPerMs;
  const now = await storageNow(repository, state.writeEpoch, signal);
  let deleted = 0;
  const remove = async (id: string) => {
    await repository.storage.delete(id, { signal });
    deleted += 1;
  };
  for (const { id } of await repository.listBlobs('xe', signal)) {
    if (/^xe\d+$/.test(id) && Number(id.slice(2)) < state.writeEpoch - 1)
      await remove(id);
  }
  for (const { id, timestamp } of await repository.listBlobs('xw', signal)) {
    const old = now !== undefined && timestamp < now - margin;
    if (/^xw\d+$/.test(id) && Number(id.slice(2)) !== state.watermark && old)
      await remove(id);
  }
  return deleted;
}

/** Deletes index blobs that a finished compaction replaced long enough ago. @returns how many */
export async function deleteSupersededIndexes(
  repository: Repository,
  signal?: AbortSignal,
): Promise<number> {
  const state = await currentState(repository, signal);
  const margin =
    repository.format.epochs.CleanupSafetyMargin / nanosecondsPerMs;
  const now = await storageNow(repository, state.writeEpoch, signal);
  if (now === undefined) return 0;
  let deleted = 0;
  for (const [epoch, set] of state.singles) {
    if (!isSettled(epoch, state)) continue;
    const newest = set.reduce(
      (latest, { timestamp }) => Math.max(latest, timestamp),
      0,
    );
    if (newest >= now - margin) continue;
    for (const { id } of await epochBlobs(repository, epoch, signal)) {
      await repository.storage.delete(id, { signal });
      deleted += 1;
    }
  }
  return deleted;
}

/** Moves the deletion watermark; deleted entries up to it vanish. Never backwards. @param seconds - since 1970 */
export async function moveWatermark(
  repository: Repository,
  seconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { watermark } = await currentState(repository, signal);
  if (seconds <= watermark) return false;
  await repository.storage.put(
    `xw${seconds}`,
    Buffer.from('deletion-watermark'),
    { signal },
  );
  return true;
}
