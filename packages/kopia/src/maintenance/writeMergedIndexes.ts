import { sealBlobInPlace, sealingRoom } from '../content/encryptedBlob';
import { contentIdOfKey } from '../content/contentId';
import { createUnnamedFile, UnnamedFile } from '../content/IndexBytes';
import { indexShardOf } from '../content/IndexBuilder';
import { IndexReader } from '../content/IndexReader';
import { IndexRows } from '../content/IndexRows';
import { mergeRows } from '../content/mergeIndexes';
import { PackTable } from '../content/PackTable';
import { collectGarbage } from '../garbage';
import type { Repository } from '../Repository';
import { Turns } from './Turns';

// Kopia allows 16 million; smaller shards keep the memory of readers and of this compaction low.
const entriesPerShard = 500_000;

/** One index blob of a set. */
interface Shard {
  readonly rows: IndexRows;
  readonly file: UnnamedFile | undefined;
}

function createShard(folder: string | undefined, onDisk: boolean): Shard {
  const file = onDisk ? createUnnamedFile(folder) : undefined;
  return { rows: new IndexRows(file), file };
}

/**
 * Merges indexes into a set of blobs. Deleted entries stay: they hide others.
 *
 * Indexes are read and written as streams: memory holds one finished blob at a time, whatever the number of contents.
 */
export async function writeMergedIndexes(
  repository: Repository,
  prefix: string,
  readers: readonly IndexReader[],
  signal?: AbortSignal,
): Promise<void> {
  // Duplicates make this too high by a little, which only makes the shards smaller.
  const total = readers.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return;
  const count = Math.ceil(total / entriesPerShard);
  const table = new PackTable();
  const { temporaryFolder } = repository.contents.indexes;
  const shards: Shard[] = [];
  try {
    for (let i = 0; i < count; i++)
      shards.push(createShard(temporaryFolder, count > 1));
    const turns = new Turns(signal);
    for (const row of mergeRows(readers)) {
      if (turns.over()) await turns.next();
      const { reader, block, at } = row;
      const shard =
        count === 1
          ? 0
          : indexShardOf(
              contentIdOfKey(block.subarray(at, at + reader.keySize)),
              count,
            );
      shards[shard].rows.add(
        block,
        at,
        reader.keySize,
        reader.fieldsAt(block, at),
        table.numberOf(row),
      );
    }
    const suffix = `s${repository.random(8).toString('hex')}-c${
      shards.filter(shard => shard.rows.count > 0).length
    }`;
    for (const shard of shards) {
      signal?.throwIfAborted();
      if (shard.rows.count === 0) continue;
      const blob = sealBlobInPlace(
        repository.keys,
        prefix,
        shard.rows.build(table, sealingRoom),
        suffix,
      );
      await repository.storage.put(blob.id, blob.data, { signal });
      // The blob and what its encryption left: tens of MiB.
      if (count > 1) collectGarbage('major');
    }
  } finally {
    for (const { file } of shards) file?.close();
  }
}
