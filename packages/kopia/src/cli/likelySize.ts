import { realpath, stat } from 'node:fs/promises';
import type { Repository } from '../Repository';
import type { SnapshotSource } from '../snapshot/SnapshotManifest';
import { snapshotsOfSource } from '../snapshot/snapshots';

/**
 * How much an upload will have to look at: a file's size, or what the last snapshot of a directory held.
 *
 * @returns bytes; undefined when nothing is known
 */
export async function likelySize(
  repository: Repository,
  path: string,
  given: Partial<SnapshotSource>,
): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.isFile()) return found.size;
  if (!found.isDirectory()) return undefined;
  const [last] = snapshotsOfSource(repository, {
    host: given.host ?? repository.user.hostname,
    userName: given.userName ?? repository.user.username,
    path: given.path ?? (await realpath(path)),
  });
  return last?.rootEntry?.summ?.size;
}
