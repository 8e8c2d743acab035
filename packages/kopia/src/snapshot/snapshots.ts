import { Ancestors, enterDirectory } from './Ancestors';
import { KopiaError } from '../errors';
import { Manifest } from '../manifest/ManifestStore';
import { openObject, ReadOptions } from '../object/ObjectReader';
import type { Repository } from '../Repository';
import { compareTimes } from '../time/compareTimes';
import { DirectoryEntry } from './DirectoryEntry';
import { parseDirectory } from './directoryJson';
import {
  SnapshotManifest,
  SnapshotSource,
  sourceLabels,
} from './SnapshotManifest';

const largestDirectory = 500 * 1024 * 1024;

/** Which snapshots are wanted. @public */
export interface SnapshotFilter {
  readonly source?: Partial<SnapshotSource>;
  /** All of these must be equal. */
  readonly tags?: Readonly<Record<string, string>>;
}

function toSnapshot({
  id,
  data,
}: Manifest<SnapshotManifest>): SnapshotManifest {
  return { ...data, id };
}

/**
 * Snapshots, oldest first.
 *
 * @example
 * ```ts
 * for (const snapshot of listSnapshots(repository, { tags: { 'tag:app': 'shop' } })) console.log(snapshot.id);
 * ```
 *
 * @public
 */
export function listSnapshots(
  repository: Repository,
  filter: SnapshotFilter = {},
): SnapshotManifest[] {
  const { host, userName, path } = filter.source ?? {};
  const labels: Record<string, string> = { type: 'snapshot', ...filter.tags };
  if (host !== undefined) labels.hostname = host;
  if (userName !== undefined) labels.username = userName;
  if (path !== undefined) labels.path = path;
  return repository.manifests
    .find<SnapshotManifest>(labels)
    .map(toSnapshot)
    .sort(
      (a, b) =>
        compareTimes(a.startTime, b.startTime) ||
        compareTimes(a.endTime, b.endTime),
    );
}

/** A snapshot by the ID of its manifest. Throws `not-found`. @public */
export function getSnapshot(
  repository: Repository,
  id: string,
): SnapshotManifest {
  const found = repository.manifests.get<SnapshotManifest>(id);
  if (found?.labels.type !== 'snapshot')
    throw new KopiaError('not-found', `There is no snapshot ${id}`);
  return toSnapshot(found);
}

/** Deletes a snapshot's manifest; its data goes with a later maintenance. Call `repository.flush()` afterwards. @public */
export function deleteSnapshot(repository: Repository, id: string): void {
  getSnapshot(repository, id);
  repository.manifests.delete(id);
}

/** The root entry of a snapshot. Throws `not-found` for one without. */
export function rootOf(snapshot: SnapshotManifest): DirectoryEntry {
  if (!snapshot.rootEntry)
    throw new KopiaError('not-found', `Snapshot ${snapshot.id} has no data`);
  return snapshot.rootEntry;
}

/** Entries of a directory. */
export async function readDirectory(
  repository: Repository,
  entry: DirectoryEntry,
  options: ReadOptions = {},
): Promise<DirectoryEntry[]> {
  if (entry.type !== 'd')
    throw new KopiaError(
      'invalid-argument',
      `${entry.name} is not a directory`,
    );
  const object = await openObject(repository.contents, entry.obj, options);
  return parseDirectory(
    await object.readAll(largestDirectory, options),
    entry.obj,
  ).entries;
}

/** An entry and its path below the snapshot's root; the root's own path is the empty text. @public */
export interface PathEntry {
  readonly path: string;
  readonly entry: DirectoryEntry;
}

/**
 * Everything in a snapshot, directories before what is in them.
 *
 * @public
 */
export async function* walkSnapshot(
  repository: Repository,
  root: DirectoryEntry,
  options: ReadOptions = {},
): AsyncGenerator<PathEntry> {
  const stack: (PathEntry & { above?: Ancestors })[] = [
    { path: '', entry: root },
  ];
  for (let next = stack.pop(); next; next = stack.pop()) {
    options.signal?.throwIfAborted();
    const { path, entry: found } = next;
    yield { path, entry: found };
    if (found.type !== 'd') continue;
    const above = enterDirectory(found, path, next.above);
    const entries = await readDirectory(repository, found, options);
    for (const entry of entries.reverse())
      stack.push({
        path: path ? `${path}/${entry.name}` : entry.name,
        entry,
        above,
      });
  }
}

const namesOf = (path: string) =>
  path.split('/').filter(part => part !== '' && part !== '.');

/** The child that a path begins with, and what follows it in the path. */
function pick(
  children: readonly DirectoryEntry[],
  names: readonly string[],
): [child: DirectoryEntry | undefined, rest: readonly string[]] {
  const child = children.find(({ name }) => name === names[0]);
  if (child) return [child, names.slice(1)];
  // Velero names the one entry of a block device by its whole path.
  const whole = names.join('/');
  const device = children.find(
    ({ name }) => name.includes('/') && namesOf(name).join('/') === whole,
  );
  return [device, []];
}

/** The entry at a path like `etc/hosts` below the root; the empty path is the root. Throws `not-found`. @public */
export async function findEntry(
  repository: Repository,
  snapshot: SnapshotManifest,
  path: string,
  options: ReadOptions = {},
): Promise<DirectoryEntry> {
  let entry = rootOf(snapshot);
  let names: readonly string[] = namesOf(path);
  while (names.length > 0) {
    const children =
      entry.type === 'd' ? await readDirectory(repository, entry, options) : [];
    const [child, rest] = pick(children, names);
    if (!child)
      throw new KopiaError(
        'not-found',
        `Snapshot ${snapshot.id} has no ${path}`,
        { place: { file: path } },
      );
    entry = child;
    names = rest;
  }
  return entry;
}

/** Snapshots of one source, newest first. */
export function snapshotsOfSource(
  repository: Repository,
  source: SnapshotSource,
): SnapshotManifest[] {
  return repository.manifests
    .find<SnapshotManifest>(sourceLabels(source))
    .map(toSnapshot)
    .sort((a, b) => compareTimes(b.startTime, a.startTime));
}
