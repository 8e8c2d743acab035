import { isKopiaError, KopiaError, messageOf, placed } from '../errors';
import { freeBuffer } from '../garbage';
import { objectContents, openObject } from '../object/ObjectReader';
import { ContentIdSet } from '../maintenance/ContentIdSet';
import { parseObjectId } from '../object/objectId';
import type { Repository } from '../Repository';
import { SnapshotManifest } from '../snapshot/SnapshotManifest';
import { Ancestors, enterDirectory } from '../snapshot/Ancestors';
import { DirectoryEntry } from '../snapshot/DirectoryEntry';
import { readDirectory, rootOf } from '../snapshot/snapshots';

/** @public */
export interface VerifyOptions {
  /** Share of files whose bytes are read and hashed again, 0 to 1; default 1. The others must exist in full. */
  readonly sample?: number;
  /** 0 to 1, chooses the sample. */
  readonly random?: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {
    files: number;
    directories: number;
    bytes: number;
    errors: number;
  }) => void;
  /** Give up after this many errors; default 1000. */
  readonly maximumErrors?: number;
}

/** Damage that was found. @public */
export interface Damage {
  readonly snapshot: string;
  readonly path: string;
  /** Names the blob, content and object as far as known. */
  readonly error: string;
}

/** @public */
export interface VerifyReport {
  readonly snapshots: number;
  readonly directories: number;
  readonly files: number;
  readonly readFiles: number;
  readonly readBytes: number;
  /** Empty when everything is sound. */
  readonly damage: readonly Damage[];
}

/**
 * Checks snapshots: every directory is read, every content of every file must be in an index and within a pack that
 * exists, and the bytes of a sample of files are decrypted and hashed.
 *
 * @example
 * ```ts
 * const { damage } = await verifySnapshots(repository, listSnapshots(repository), { sample: 0.05 });
 * ```
 *
 * @public
 */
export async function verifySnapshots(
  repository: Repository,
  snapshots: readonly SnapshotManifest[],
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const {
    signal,
    sample = 1,
    random = Math.random,
    maximumErrors = 1000,
  } = options;
  const damage: Damage[] = [];
  const counts = { directories: 0, files: 0, readFiles: 0, readBytes: 0 };
  const packs = new Map<string, number>();
  for (const kind of ['p', 'q'])
    for (const { id, length } of await repository.listBlobs(kind, signal))
      packs.set(id, length);
  // Directories and files are shared between snapshots; one look is enough.
  const sound = new ContentIdSet();
  const contentOf = ({ obj }: DirectoryEntry) => parseObjectId(obj).contentId;

  const exists = async (object: string) => {
    for await (const content of objectContents(repository.contents, object, {
      signal,
    })) {
      const entry = repository.contents.find(content);
      if (!entry)
        throw new KopiaError('corrupt', `Content ${content} is in no index`, {
          place: { content },
        });
      const length = packs.get(entry.pack);
      const place = { content, blob: entry.pack };
      if (length === undefined)
        throw new KopiaError(
          'corrupt',
          `Pack ${entry.pack} of content ${content} is missing`,
          { place },
        );
      if (entry.offset + entry.packedLength > length) {
        throw new KopiaError(
          'corrupt',
          `Pack ${entry.pack} is too short for content ${content}`,
          { place },
        );
      }
    }
  };

  const file = async (entry: DirectoryEntry) => {
    if (sound.has(contentOf(entry))) return;
    await exists(entry.obj);
    if (sample > 0 && random() < sample) {
      const object = await openObject(repository.contents, entry.obj, {
        signal,
      });
      let length = 0;
      for await (const part of object.stream(0, Infinity, {
        signal,
        rehash: true,
      })) {
        length += part.length;
        freeBuffer(part);
      }
      counts.readFiles += 1;
      counts.readBytes += length;
      // A checkpoint holds what was stored of a file, with the size of the whole.
      if (
        !entry.name.startsWith('.checkpointed.') &&
        length !== (entry.size ?? 0)
      ) {
        throw new KopiaError(
          'corrupt',
          `Object ${entry.obj} has ${length} bytes instead of ${
            entry.size ?? 0
          }`,
          {
            place: { object: entry.obj },
          },
        );
      }
    }
    sound.add(contentOf(entry));
  };

  const check = async (
    snapshot: string,
    path: string,
    entry: DirectoryEntry,
    above?: Ancestors,
  ): Promise<void> => {
    signal?.throwIfAborted();
    if (damage.length >= maximumErrors) return;
    try {
      if (entry.type !== 'd') {
        counts.files += 1;
        await file(entry);
        return;
      }
      counts.directories += 1;
      if (sound.has(contentOf(entry))) return;
      const here = enterDirectory(entry, path, above);
      const before = damage.length;
      await exists(entry.obj);
      const children = await readDirectory(repository, entry, {
        signal,
        rehash: true,
      });
      for (const child of children)
        await check(
          snapshot,
          path ? `${path}/${child.name}` : child.name,
          child,
          here,
        );
      if (damage.length === before) sound.add(contentOf(entry));
    } catch (error) {
      signal?.throwIfAborted();
      damage.push({
        snapshot,
        path,
        error: messageOf(
          isKopiaError(error) ? placed(error, { file: path || '/' }) : error,
        ),
      });
    } finally {
      options.onProgress?.({
        files: counts.files,
        directories: counts.directories,
        bytes: counts.readBytes,
        errors: damage.length,
      });
    }
  };

  for (const snapshot of snapshots) {
    if (!snapshot.rootEntry) {
      damage.push({
        snapshot: snapshot.id,
        path: '',
        error: `Snapshot ${snapshot.id} has no data`,
      });
      continue;
    }
    await check(snapshot.id, '', rootOf(snapshot));
  }
  return { snapshots: snapshots.length, ...counts, damage };
}

/**
 * Reads and hashes every content of the repository, whether a snapshot needs it or not; deleted ones are skipped.
 *
 * @public
 */
export async function verifyContents(
  repository: Repository,
  options: {
    signal?: AbortSignal;
    onProgress?: (contents: number) => void;
  } = {},
): Promise<{
  contents: number;
  damage: readonly { content: string; error: string }[];
}> {
  const damage: { content: string; error: string }[] = [];
  let contents = 0;
  for (const entry of repository.contents.entries()) {
    if (entry.deleted) continue;
    options.signal?.throwIfAborted();
    try {
      const data = await repository.contents.readEntry(entry, {
        signal: options.signal,
        rehash: true,
      });
      freeBuffer(data);
    } catch (error) {
      options.signal?.throwIfAborted();
      damage.push({ content: entry.id, error: messageOf(error) });
    }
    contents += 1;
    options.onProgress?.(contents);
  }
  return { contents, damage };
}
