import { isKopiaError } from '../errors';
import { openBlob } from '../content/encryptedBlob';
import { SessionMarker, sessionOfPack } from '../content/sessions';
import { packPrefix } from '../content/contentId';
import { PackTable } from '../content/PackTable';
import type { Repository } from '../Repository';
import { toMilliseconds } from '../time/timestamps';
import { SafetyParameters } from './safety';
import { Turns } from './Turns';

const shortPackShare = 0.6;
/** Moves contents out of packs that are mostly empty (Kopia: content rewrite). @returns how many */
export async function rewriteShortPacks(
  repository: Repository,
  safety: SafetyParameters,
  start: number,
  signal?: AbortSignal,
): Promise<number> {
  const { contents, format } = repository;
  const table = new PackTable();
  let used = new Float64Array(1024);
  const turns = new Turns(signal);
  for (const row of contents.indexes.rows()) {
    if (turns.over()) await turns.next();
    const { reader, block, at } = row;
    const pack = table.numberOf(row);
    if (pack >= used.length) {
      const larger = new Float64Array(Math.max(pack + 1, used.length * 2));
      larger.set(used);
      used = larger;
    }
    used[pack] += reader.fieldsAt(block, at).packedLength;
  }
  const short = new Uint8Array(table.size);
  for (const kind of ['p', 'q']) {
    const found: number[] = [];
    for (let pack = 0; pack < table.size; pack++) {
      const ofKind = table.nameOf(pack)[0] === kind.charCodeAt(0);
      if (ofKind && used[pack] < format.maxPackSize * shortPackShare)
        found.push(pack);
    }
    // One short pack cannot be merged with anything.
    if (found.length >= 2) for (const pack of found) short[pack] = 1;
  }
  let rewritten = 0;
  for (const row of contents.indexes.rows()) {
    if (turns.over()) await turns.next();
    const { reader, block, at } = row;
    if (!short[table.numberOf(row)]) continue;
    if (reader.timestampAt(block, at) * 1000 > start - safety.rewriteMinAge)
      continue;
    const entry = reader.parse(block, at);
    if (packPrefix(entry.id) !== entry.pack[0]) continue;
    try {
      await contents.rewrite(entry, { signal });
      rewritten += 1;
    } catch (error) {
      // The pack of a deleted content may be gone already; that of a live one must not be.
      if (!entry.deleted || !isKopiaError(error, 'blob-not-found')) throw error;
    }
  }
  await repository.flush(signal);
  return rewritten;
}

/** Sessions whose packs may not be indexed yet. */
async function activeSessions(
  repository: Repository,
  safety: SafetyParameters,
  start: number,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const active = new Set<string>();
  for (const { id, timestamp } of await repository.listBlobs('s', signal)) {
    let lastSeen = timestamp;
    try {
      const plain = openBlob(
        repository.keys,
        id,
        await repository.storage.get(id, undefined, { signal }),
      );
      lastSeen = Math.max(
        lastSeen,
        toMilliseconds(
          (JSON.parse(plain.toString('utf8')) as SessionMarker).checkpointTime,
        ),
      );
    } catch (error) {
      if (isKopiaError(error, 'blob-not-found')) continue;
      // An unreadable marker protects its session as long as the blob is young.
      if (!isKopiaError(error, 'corrupt')) throw error;
    }
    const session = sessionOfPack(id);
    if (session && lastSeen > start - safety.sessionExpirationAge)
      active.add(session);
  }
  return active;
}

/**
 * Deletes packs and session markers that no index entry names, deleted entries included (Kopia: pack deletion).
 *
 * @returns how many, and their bytes
 */
export async function deleteUnreferencedPacks(
  repository: Repository,
  safety: SafetyParameters,
  start: number,
  signal?: AbortSignal,
): Promise<{ count: number; bytes: number }> {
  // Packs first, indexes afterwards: a pack that is listed now and unnamed in a later index is truly unnamed.
  const candidates = [];
  for (const kind of ['p', 'q', 's']) {
    for (const blob of await repository.listBlobs(kind, signal)) {
      if (blob.timestamp <= start - safety.packDeleteMinAge)
        candidates.push(blob);
    }
  }
  const sessions = await activeSessions(repository, safety, start, signal);
  await repository.contents.indexes.refresh(signal);
  const named = new PackTable();
  const turns = new Turns(signal);
  for (const row of repository.contents.indexes.rows()) {
    if (turns.over()) await turns.next();
    named.numberOf(row);
  }
  const deleted = { count: 0, bytes: 0 };
  for (const { id, length } of candidates) {
    signal?.throwIfAborted();
    const session = sessionOfPack(id);
    if (named.find(id) !== undefined || (session && sessions.has(session)))
      continue;
    await repository.storage.delete(id, { signal });
    deleted.count += 1;
    deleted.bytes += length;
  }
  repository.contents.packReader.clear();
  return deleted;
}
