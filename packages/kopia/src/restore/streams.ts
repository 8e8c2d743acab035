import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { KopiaError } from '../errors';
import { freeBuffer } from '../garbage';
import { writeFully } from '../writeFully';
import { openObject } from '../object/ObjectReader';
import type { Repository } from '../Repository';
import { DirectoryEntry, fromGoMode } from '../snapshot/DirectoryEntry';
import { walkSnapshot } from '../snapshot/snapshots';
import { toMilliseconds } from '../time/timestamps';
import { checkEntryName } from './safeNames';
import { zipEntries, ZipEntry } from './zip';

/** Options of streams. @public */
export interface StreamOptions {
  /** First byte. */
  readonly offset?: number;
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/**
 * The bytes of a file (or the target of a link), from any position.
 *
 * @example
 * ```ts
 * const entry = await findEntry(repository, snapshot, 'etc/hosts');
 * readFile(repository, entry).pipe(process.stdout);
 * ```
 *
 * @public
 */
export function readFile(
  repository: Repository,
  entry: DirectoryEntry,
  options: StreamOptions = {},
): Readable {
  async function* bytes() {
    const object = await openObject(repository.contents, entry.obj, {
      signal: options.signal,
    });
    yield* object.stream(options.offset ?? 0, options.length ?? Infinity, {
      signal: options.signal,
      ahead: 2,
    });
  }
  return Readable.from(bytes(), { objectMode: false });
}

/**
 * Writes a file of a snapshot to a block device or an existing file, from its first byte on.
 *
 * @returns bytes written
 *
 * @public
 */
export async function restoreToDevice(
  repository: Repository,
  entry: DirectoryEntry,
  path: string,
  options: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
): Promise<number> {
  if (entry.type !== 'f')
    throw new KopiaError('invalid-argument', `${entry.name} is not a file`);
  const object = await openObject(repository.contents, entry.obj, {
    signal: options.signal,
  });
  const handle = await open(path, constants.O_WRONLY);
  try {
    let position = 0;
    for await (const part of object.stream(0, Infinity, {
      signal: options.signal,
      ahead: 3,
    })) {
      await writeFully(handle, part, position);
      position += part.length;
      freeBuffer(part);
      options.onProgress?.(position);
    }
    await handle.sync();
    return position;
  } finally {
    await handle.close();
  }
}

async function* safeEntries(
  repository: Repository,
  root: DirectoryEntry,
  signal?: AbortSignal,
) {
  for await (const found of walkSnapshot(repository, root, { signal })) {
    if (found.path === '') continue;
    checkEntryName(found.entry.name, found.path);
    yield found;
  }
}

/**
 * A directory as a tar stream (pax), with modes, owners and times.
 *
 * @example
 * ```ts
 * await pipeline(tarOf(repository, rootOf(snapshot)), createWriteStream('shop.tar'));
 * ```
 *
 * @public
 */
export function tarOf(
  repository: Repository,
  root: DirectoryEntry,
  options: { signal?: AbortSignal } = {},
): Readable {
  const tar = pack();
  const { signal } = options;
  const fill = async () => {
    for await (const { path, entry } of safeEntries(repository, root, signal)) {
      const header = {
        name: entry.type === 'd' ? `${path}/` : path,
        mode: fromGoMode(entry.mode),
        uid: entry.uid ?? 0,
        gid: entry.gid ?? 0,
        mtime: new Date(toMilliseconds(entry.mtime ?? '1970-01-01T00:00:00Z')),
      };
      if (entry.type === 'd') tar.entry({ ...header, type: 'directory' });
      else if (entry.type === 's') {
        const object = await openObject(repository.contents, entry.obj, {
          signal,
        });
        tar.entry({
          ...header,
          type: 'symlink',
          linkname: (await object.readAll(65536, { signal })).toString('utf8'),
        });
      } else if (entry.type === 'f') {
        const object = await openObject(repository.contents, entry.obj, {
          signal,
        });
        const sink = tar.entry({
          ...header,
          type: 'file',
          size: object.length,
        });
        // When the archive's reader fails, each entry fails too; the archive itself says so.
        sink.on('error', () => undefined);
        for await (const part of object.stream(0, Infinity, {
          signal,
          ahead: 2,
        })) {
          if (tar.destroyed) return;
          if (!sink.write(part)) {
            await new Promise<void>(resolve => {
              const done = () => {
                sink.off('drain', done);
                sink.off('close', done);
                resolve();
              };
              sink.on('drain', done);
              sink.on('close', done);
            });
          }
        }
        sink.end(undefined);
      }
    }
    tar.finalize();
  };
  fill().catch(error => tar.destroy(error));
  return tar as unknown as Readable;
}

/**
 * A directory as a zip stream (zip64, deflated), with modes and times; links are stored as Info-ZIP does.
 *
 * @public
 */
export function zipOf(
  repository: Repository,
  root: DirectoryEntry,
  options: { signal?: AbortSignal } = {},
): Readable {
  const { signal } = options;
  async function* entries(): AsyncGenerator<ZipEntry> {
    for await (const { path, entry } of safeEntries(repository, root, signal)) {
      if (entry.type !== 'd' && entry.type !== 'f' && entry.type !== 's')
        continue;
      yield {
        name: path,
        type: entry.type,
        mode: fromGoMode(entry.mode),
        time: new Date(toMilliseconds(entry.mtime ?? '1970-01-01T00:00:00Z')),
        async *data() {
          if (entry.type === 'd') return;
          const object = await openObject(repository.contents, entry.obj, {
            signal,
          });
          yield* object.stream(0, Infinity, { signal, ahead: 2 });
        },
      };
    }
  }
  return Readable.from(zipEntries(entries()), { objectMode: false });
}
