import { KopiaError } from '../../errors';
import type { Repository } from '../../Repository';
import { SnapshotManifest, sourceLabels } from '../SnapshotManifest';

const reserved = ['type', 'hostname', 'username', 'path'];

/** Checks a source and tags before anything is read. */
export function checkSnapshotLabels({
  source,
  tags = {},
}: Pick<SnapshotManifest, 'source' | 'tags'>): void {
  if (!source.host || !source.userName || !source.path) {
    throw new KopiaError(
      'invalid-argument',
      'A snapshot needs a host, a user name and a path',
    );
  }
  const taken = Object.keys(tags).find(key => reserved.includes(key));
  if (taken)
    throw new KopiaError(
      'invalid-argument',
      `"${taken}" cannot be a tag: it is a label of every snapshot`,
    );
}

/** Adds a snapshot's manifest; it is stored with the next flush. @returns the snapshot with its ID */
export function saveSnapshot(
  repository: Repository,
  snapshot: Omit<SnapshotManifest, 'id'>,
): SnapshotManifest {
  checkSnapshotLabels(snapshot);
  const {
    source,
    description,
    startTime,
    endTime,
    stats,
    incomplete,
    rootEntry,
    tags,
    pins,
  } = snapshot;
  // Key order and types as Kopia writes them: it ignores manifests that it cannot parse, and then deletes their data.
  const data = {
    id: '',
    source: { host: source.host, userName: source.userName, path: source.path },
    description,
    startTime,
    endTime,
    stats,
    ...(incomplete && { incomplete }),
    rootEntry,
    ...(tags && Object.keys(tags).length > 0 && { tags }),
    ...(pins && pins.length > 0 && { pins }),
  };
  const id = repository.manifests.put(
    { ...tags, ...sourceLabels(source) },
    data,
  );
  return { ...snapshot, id };
}
