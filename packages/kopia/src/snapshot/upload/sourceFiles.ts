import {
  BigIntStats,
  close,
  constants,
  lstat,
  lstatSync,
  open,
  read,
  readdir,
  readdirSync,
  readlink,
} from 'node:fs';
import { messageOf } from '../../errors';
import { ByteSource } from '../../object/ChunkPipeline';
import { SlownessMeter } from '../../SlownessMeter';
import { formatTimestamp } from '../../time/timestamps';
import { toGoMode } from '../DirectoryEntry';

/** A path as the system has it: text, or bytes where a name is not UTF-8. */
export type SourcePath = string | Buffer;

const descriptions: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  EIO: 'input/output error',
  ELOOP: 'is a symbolic link now',
  EISDIR: 'is a directory now',
  ENOTDIR: 'is not a directory any more',
};

/** An entry of the tree that is being stored could not be read. */
export class SourceError extends Error {
  constructor(cause: unknown) {
    const { code, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
    super(
      code
        ? `${syscall ?? 'read'}: ${descriptions[code] ?? code}`
        : messageOf(cause),
      {
        cause,
      },
    );
    this.name = 'SourceError';
  }
}

/** What the system says about an entry. */
export interface SourceEntry {
  /** As stored; bytes that are not UTF-8 are lone surrogates U+DC80 to U+DCFF. */
  readonly name: string;
  readonly path: SourcePath;
  readonly kind: 'd' | 'f' | 's' | 'other';
  readonly mode: string;
  readonly size: number;
  /** Bytes that the list of a directory's entries takes. */
  readonly listSize: number;
  readonly mtime: string;
  readonly mtimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly dev: bigint;
  readonly links: number;
  /** Whether the file has holes. */
  readonly sparse: boolean;
}

const fileTypeMask = 0o170000n;
const kinds = new Map<bigint, 'd' | 'f' | 's'>([
  [0o040000n, 'd'],
  [0o100000n, 'f'],
  [0o120000n, 's'],
]);

/** Reads what the system says about an entry. */
export function toSourceEntry(
  name: string,
  path: SourcePath,
  stats: BigIntStats,
): SourceEntry {
  const kind = kinds.get(stats.mode & fileTypeMask) ?? 'other';
  const size = Number(stats.size);
  return {
    name,
    path,
    kind,
    mode: toGoMode(Number(stats.mode & 0o7777n)),
    size: kind === 'd' ? 0 : size,
    listSize: kind === 'd' ? size : 0,
    mtime: formatTimestamp(stats.mtimeNs),
    mtimeNs: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    dev: stats.dev,
    links: Number(stats.nlink),
    sparse: kind === 'f' && Number(stats.blocks) * 512 < size,
  };
}

/** The entry at a path, links not followed. */
export function statSource(
  path: SourcePath,
  name: string,
): Promise<SourceEntry> {
  return new Promise((resolve, reject) => {
    lstat(path, { bigint: true }, (error, stats) =>
      error
        ? reject(new SourceError(error))
        : resolve(toSourceEntry(name, path, stats)),
    );
  });
}

const replacement = '\ufffd';
const loneSurrogate = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** Text of a name; bytes that are not UTF-8 become lone surrogates, so that no two names become one. */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes(replacement) || Buffer.from(text).equals(bytes))
    return text;
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    if (length > 0) out += bytes.toString('utf8', at, at + length);
    else out += String.fromCharCode(0xdc00 + bytes[at]);
    at += Math.max(1, length);
  }
  return out;
}

/** Bytes of the UTF-8 character at a position, 0 if there is none. */
function validLength(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first < 0x80) return 1;
  const short = first >= 0xe0 ? 3 : 2;
  const length = first >= 0xf0 ? 4 : short;
  const part = bytes.subarray(at, at + length);
  return Buffer.from(part.toString('utf8')).equals(part) &&
    part.length === length
    ? length
    : 0;
}

/** Whether a name holds bytes that are not UTF-8. */
export function isInvalidName(name: string): boolean {
  return loneSurrogate.test(name);
}

interface ListedName {
  readonly name: string;
  readonly path: SourcePath;
}

const childPath = (path: SourcePath, name: string | Buffer): SourcePath =>
  typeof path === 'string' && typeof name === 'string'
    ? `${path}/${name}`
    : Buffer.concat([
        Buffer.from(path as string),
        Buffer.from('/'),
        Buffer.from(name as string),
      ]);

const fromText = (path: SourcePath, names: readonly string[]): ListedName[] =>
  names.map(name => ({ name, path: childPath(path, name) }));
const fromBytes = (path: SourcePath, names: readonly Buffer[]): ListedName[] =>
  names.map(name => ({
    name: decodeName(name),
    path: childPath(path, name),
  }));
const needBytes = (names: readonly string[]) =>
  names.some(name => name.includes(replacement));

function listNames(path: SourcePath): Promise<ListedName[]> {
  return new Promise((resolve, reject) => {
    const asBytes = () =>
      readdir(path, { encoding: 'buffer' }, (error, names) =>
        error
          ? reject(new SourceError(error))
          : resolve(fromBytes(path, names)),
      );
    if (typeof path !== 'string') {
      asBytes();
      return;
    }
    readdir(path, (error, names) => {
      if (error) reject(new SourceError(error));
      else if (needBytes(names)) asBytes();
      else resolve(fromText(path, names));
    });
  });
}

// A directory of this many bytes has a few thousand names, which take a millisecond or two.
const directlyListed = 128 * 1024;

/** The same with direct calls. */
function listNamesDirectly(path: SourcePath): ListedName[] {
  try {
    if (typeof path === 'string') {
      const names = readdirSync(path);
      if (!needBytes(names)) return fromText(path, names);
    }
    return fromBytes(path, readdirSync(path, { encoding: 'buffer' }));
  } catch (error) {
    throw new SourceError(error);
  }
}

/** Lists a directory directly as long as the file system is fast, otherwise in the thread pool. */
async function listWith(
  meter: SlownessMeter,
  { path, listSize }: Pick<SourceEntry, 'path' | 'listSize'>,
): Promise<ListedName[]> {
  if (listSize > directlyListed || !meter.direct()) return listNames(path);
  const started = performance.now();
  const names = listNamesDirectly(path);
  meter.note(performance.now() - started);
  return names;
}

// A call in the thread pool costs more than twice the processor time of the direct one, and the way there and back; the
// direct call blocks this thread, which hurts when the file system is slow. So directories are listed and looked at
// directly, in small batches, as long as that is fast.
const batch = 64;
const slowBatchMs = 4;
const batchesAfterSlow = 16;

/** Decides how directories are looked at. */
export function directoryMeter(): SlownessMeter {
  return new SlownessMeter(slowBatchMs, batchesAfterSlow);
}

/** Everything in a directory. Entries that vanish meanwhile are left out; others that fail are reported. */
export async function readSourceDirectory(
  directory: Pick<SourceEntry, 'path' | 'listSize'>,
  onError: (name: string, error: SourceError) => void,
  meter: SlownessMeter = directoryMeter(),
): Promise<SourceEntry[]> {
  const names = await listWith(meter, directory);
  const entries: SourceEntry[] = [];
  const failed = (name: string, cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      onError(
        name,
        cause instanceof SourceError ? cause : new SourceError(cause),
      );
  };
  for (let from = 0; from < names.length; from += batch) {
    const some = names.slice(from, from + batch);
    if (meter.direct()) {
      const started = performance.now();
      for (const { name, path: entryPath } of some) {
        try {
          entries.push(
            toSourceEntry(
              name,
              entryPath,
              lstatSync(entryPath, { bigint: true }),
            ),
          );
        } catch (error) {
          failed(name, error);
        }
      }
      meter.note(performance.now() - started);
      if (from > 0) await new Promise<void>(resolve => setImmediate(resolve));
      continue;
    }
    await Promise.all(
      some.map(({ name, path: entryPath }) =>
        statSource(entryPath, name).then(
          entry => entries.push(entry),
          (error: SourceError) => failed(name, error.cause),
        ),
      ),
    );
  }
  return entries;
}

/** The target of a symbolic link. */
export function readSourceLink(path: SourcePath): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readlink(path, { encoding: 'buffer' }, (error, target) =>
      error ? reject(new SourceError(error)) : resolve(target),
    );
  });
}

/** An open file of the tree. */
export interface SourceFile {
  /** Reads on from the last position. */
  readonly source: ByteSource;
  close(): Promise<void>;
}

/** Opens a file to read. What became a link, a FIFO or a device since it was listed does not block or lead elsewhere. */
export function openSourceFile(
  path: SourcePath,
  flags = constants.O_NOFOLLOW | constants.O_NONBLOCK,
): Promise<SourceFile> {
  return new Promise((resolve, reject) => {
    open(path, constants.O_RDONLY | flags, (error, fd) => {
      if (error) {
        reject(new SourceError(error));
        return;
      }
      resolve({
        source: (into, offset, length) =>
          new Promise((done, failed) => {
            read(fd, into, offset, length, null, (readError, count) =>
              readError ? failed(new SourceError(readError)) : done(count),
            );
          }),
        close: () => new Promise(done => close(fd, () => done())),
      });
    });
  });
}
