import { parseJson, stringifyJson } from '../cluster/json';
import type { BackupStore } from '../storage/BackupStore';
import { ObjectNotFoundError } from '../storage/ObjectStore';
import { runMarkerKey } from '../storage/runMarkerKey';

const maxBytes = 64 * 1024;

interface SignalOption {
  signal?: AbortSignal;
}

const keyOf = (store: BackupStore, backup: string) =>
  runMarkerKey(store.keys, backup);

/**
 * Writes down, before anything else of a backup is in storage, whose files are going to be there: without metadata nothing else
 * tells whether they may be removed.
 *
 * @param backup - name and UID of the Backup
 */
export async function putRunMarker(
  store: BackupStore,
  backup: { name: string; uid: string },
  options: SignalOption,
): Promise<void> {
  const text = `${stringifyJson({ version: 1, backupUid: backup.uid })}\n`;
  await store.objects.put(
    keyOf(store, backup.name),
    Buffer.from(text),
    options,
  );
}

/** The UID of the Backup whose unfinished files are in storage under a name; undefined when nothing says so. */
export async function readRunMarker(
  store: BackupStore,
  name: string,
  options: SignalOption,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of await store.objects.get(
      keyOf(store, name),
      options,
    )) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxBytes) {
        return undefined;
      }
    }
  } catch (error) {
    if (error instanceof ObjectNotFoundError) {
      return undefined;
    }
    throw error;
  }
  try {
    const marker = parseJson<{ backupUid?: unknown } | null>(
      Buffer.concat(chunks).toString('utf8'),
    );
    return typeof marker?.backupUid === 'string' ? marker.backupUid : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the marker away: the backup is complete. */
export async function removeRunMarker(
  store: BackupStore,
  name: string,
  options: SignalOption,
): Promise<void> {
  await store.objects.delete([keyOf(store, name)], options);
}
