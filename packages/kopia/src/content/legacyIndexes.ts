import { BlobMetadata, BlobStorage, listAll } from '../blob/BlobStorage';
import { corrupt, KopiaError } from '../errors';
import { openBlob, RepositoryKeys } from './encryptedBlob';

interface CompactionLog {
  readonly inputMetadata?: readonly { readonly id: string }[];
  readonly outputMetadata?: readonly { readonly id: string }[];
}

/**
 * The index blobs that count in a repository without epochs: those that no finished compaction replaced
 * (Kopia: index manager of version 0).
 */
export async function activeLegacyIndexes(
  storage: BlobStorage,
  keys: RepositoryKeys,
  signal?: AbortSignal,
): Promise<BlobMetadata[]> {
  const indexes = await listAll(storage, 'n', { signal });
  if (indexes.some(({ id }) => id.includes('upgrade_required'))) {
    throw new KopiaError(
      'unsupported',
      'The repository was upgraded to another index format: open it again',
    );
  }
  const present = new Set(indexes.map(({ id }) => id));
  const replaced = new Set<string>();
  for (const { id } of await listAll(storage, 'm', { signal })) {
    let log: CompactionLog;
    try {
      log = JSON.parse(
        openBlob(
          keys,
          id,
          await storage.get(id, undefined, { signal }),
        ).toString('utf8'),
      ) as CompactionLog;
    } catch (cause) {
      if (cause instanceof KopiaError) throw cause;
      throw corrupt(`Blob ${id} is not a compaction log`, { blob: id }, cause);
    }
    if ((log.outputMetadata ?? []).every(output => present.has(output.id))) {
      for (const input of log.inputMetadata ?? []) replaced.add(input.id);
    }
  }
  return indexes.filter(({ id }) => !replaced.has(id));
}
