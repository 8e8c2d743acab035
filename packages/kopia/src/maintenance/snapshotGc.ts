import { KopiaError } from '../errors';
import { objectContents } from '../object/ObjectReader';
import { parseObjectId } from '../object/objectId';
import type { Repository } from '../Repository';
import { DirectoryEntry } from '../snapshot/DirectoryEntry';
import { listSnapshots, readDirectory } from '../snapshot/snapshots';
import { ContentIdSet } from './ContentIdSet';
import { SafetyParameters } from './safety';
import { Turns } from './Turns';

const manifestPrefix = 'm'.charCodeAt(0);

/** @public */
export interface SnapshotGcReport {
  readonly inUse: number;
  /** Unreferenced contents that were marked deleted now. */
  readonly deleted: number;
  /** Unreferenced, but too young to be touched. */
  readonly tooRecent: number;
  /** Deleted contents that are needed again. */
  readonly undeleted: number;
}

/**
 * Names of everything that snapshots need, incomplete ones included. Any doubt is an error: nothing may be deleted
 * then.
 */
export async function referencedContents(
  repository: Repository,
  signal?: AbortSignal,
): Promise<ContentIdSet> {
  const referenced = new ContentIdSet(repository.contents.indexes.entryCount);
  // Directories are not visited twice; the list of a large file's parts neither.
  const visited = new ContentIdSet();

  const mark = async (entry: DirectoryEntry): Promise<void> => {
    signal?.throwIfAborted();
    const { contentId, indirection } = parseObjectId(entry.obj);
    const plain = indirection === 0;
    if (plain) referenced.add(contentId);
    if (plain && entry.type !== 'd') return;
    if (!visited.add(contentId)) return;
    if (!plain)
      for await (const content of objectContents(
        repository.contents,
        entry.obj,
        { signal },
      ))
        referenced.add(content);
    if (entry.type !== 'd') return;
    for (const child of await readDirectory(repository, entry, { signal })) {
      const { contentId: childId, indirection: parts } = parseObjectId(
        child.obj,
      );
      // Most entries are files of one content; waiting for nothing takes longer than noting them.
      if (parts === 0 && child.type !== 'd') referenced.add(childId);
      else await mark(child);
    }
  };

  for (const snapshot of listSnapshots(repository)) {
    const { rootEntry, source, startTime } = snapshot;
    if (!source || !startTime)
      throw new KopiaError(
        'corrupt',
        `The manifest of snapshot ${snapshot.id} is malformed: nothing was deleted`,
      );
    if (rootEntry) await mark(rootEntry);
  }
  return referenced;
}

/**
 * Marks contents deleted that no snapshot needs, and brings back deleted ones that are needed (Kopia: snapshot GC).
 *
 * @param start - milliseconds since 1970, by the storage's clock
 */
export async function snapshotGc(
  repository: Repository,
  safety: SafetyParameters,
  start: number,
  signal?: AbortSignal,
): Promise<SnapshotGcReport> {
  const referenced = await referencedContents(repository, signal);
  const report = { inUse: 0, deleted: 0, tooRecent: 0, undeleted: 0 };
  const { contents } = repository;
  const turns = new Turns(signal);
  for (const { reader, block, at } of contents.indexes.rows()) {
    if (turns.over()) await turns.next();
    if (block[at] === manifestPrefix) continue;
    const deleted = reader.deletedAt(block, at);
    if (referenced.hasKey(block, at)) {
      report.inUse += 1;
      if (!deleted) continue;
      await contents.rewrite(reader.parse(block, at), {
        undelete: true,
        signal,
      });
      report.undeleted += 1;
    } else if (!deleted) {
      const age = start - reader.timestampAt(block, at) * 1000;
      if (age < safety.minContentAgeForGc) report.tooRecent += 1;
      else {
        contents.delete(reader.idAt(block, at));
        report.deleted += 1;
        await contents.flushIfLarge(signal);
      }
    }
  }
  await repository.flush(signal);
  return report;
}
