import type {
  BackupVolumeInfo,
  ResourceList,
  RunResults,
} from '@lifeboat/velero-api';
import { gunzipSync, gzipSync } from 'zlib';
import { parseJson, stringifyJson } from '../../cluster/json';
import type { BackupStore } from '../../storage/BackupStore';
import { ObjectNotFoundError } from '../../storage/ObjectStore';
import type { TakenVolumes } from './VolumeRecord';

/**
 * Everything that ending a backup needs besides its tarball and log: kept in storage while data is moved, so that any engine can
 * go on.
 */
export interface WaitingState {
  version: 1;
  backupUid: string;
  /** SHA-256 of the tarball as it was first written, hexadecimal. */
  tarballSha256: string;
  /** The same once it has been rewritten; both are possible from then on. */
  finalSha256?: string;
  items: number;
  volumes: TakenVolumes;
  volumeInfos: BackupVolumeInfo[];
  resourceList: ResourceList;
  namespaces: { name: string; uid: string }[];
  /** Keys of objects that others use too. */
  shared: string[];
  findings: { results: RunResults; errors: number; warnings: number };
}

const maxBytes = 256 * 1024 * 1024;

function keyOf(store: BackupStore, backup: string): string {
  return `${
    store.keys.backup(backup).directory
  }${backup}-lifeboat-waiting.json.gz`;
}

/** Where the rewritten tarball is until it is complete. */
export function temporaryContentsKey(
  store: BackupStore,
  backup: string,
): string {
  return `${
    store.keys.backup(backup).directory
  }${backup}-lifeboat-final.tar.gz`;
}

/** Writes the state of a backup whose data is being moved. */
export async function putWaitingState(
  store: BackupStore,
  backup: string,
  state: WaitingState,
  options: { signal?: AbortSignal },
): Promise<void> {
  const bytes = gzipSync(Buffer.from(`${stringifyJson(state)}\n`));
  await store.objects.put(keyOf(store, backup), bytes, options);
}

/** Undefined when there is none, or it belongs to another Backup of that name. @throws when it is damaged */
export async function getWaitingState(
  store: BackupStore,
  backup: { name: string; uid: string },
  options: { signal?: AbortSignal },
): Promise<WaitingState | undefined> {
  const key = keyOf(store, backup.name);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of await store.objects.get(key, options)) {
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof ObjectNotFoundError) {
      return undefined;
    }
    throw error;
  }
  const text = gunzipSync(Buffer.concat(chunks), { maxOutputLength: maxBytes });
  const state = parseJson<WaitingState>(text.toString('utf8'));
  if (state.version !== 1) {
    throw new Error(`${key} was written by another version of the engine`);
  }
  return state.backupUid === backup.uid ? state : undefined;
}

/** Removes what only an unfinished backup has in storage. */
export async function removeWaitingState(
  store: BackupStore,
  backup: string,
  options: { signal?: AbortSignal },
): Promise<void> {
  // The state last: whoever finds it removes the rest.
  await store.objects.delete([temporaryContentsKey(store, backup)], options);
  await store.objects.delete([keyOf(store, backup)], options);
}
