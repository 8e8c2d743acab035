import {
  Backup,
  BackupStorageLocation,
  DataUpload,
  PodVolumeBackup,
} from '@lifeboat/velero-api';
import { RunLog } from '../backup/RunLog';
import type { SpoolFolder } from '../backup/SpoolFolder';
import {
  finaliseBackup,
  releaseSnapshots,
} from '../backup/volumes/finaliseBackup';
import {
  lookAtOperations,
  VolumeOperation,
} from '../backup/volumes/operations';
import { getWaitingState, WaitingState } from '../backup/volumes/WaitingState';
import { veleroTypes } from '../cluster/knownTypes';
import type { BackupStore } from '../storage/BackupStore';
import type { ControllerContext } from './Controller';

/** A backup whose data is being moved, with everything that ending it needs. */
export interface WaitingBackup {
  location: BackupStorageLocation;
  store: BackupStore;
  state: WaitingState;
  operations: VolumeOperation[];
}

/** Reads how far backups are whose data is being moved; their states are kept, because each change of progress asks for them. */
export class WaitingBackups {
  private readonly states = new Map<string, WaitingState>();

  /** Undefined when nothing is known that could be gone on from. */
  async read(
    backup: Backup,
    location: BackupStorageLocation,
    context: ControllerContext,
  ): Promise<WaitingBackup | undefined> {
    const { client, namespace, signal, clock } = context;
    const { name = '', uid = '' } = backup.metadata;
    const store = await context.openStore(location);
    const state =
      this.states.get(uid) ??
      (await getWaitingState(store, { name, uid }, { signal }));
    if (!state) {
      return undefined;
    }
    this.states.set(uid, state);
    const operations = await lookAtOperations(backup, state.volumes.records, {
      client,
      namespace,
      uploads: context.cacheOf<DataUpload>(veleroTypes.dataUploads),
      copies: context.cacheOf<PodVolumeBackup>(veleroTypes.podVolumeBackups),
      signal,
      now: clock.now(),
    });
    return { location, store, state, operations };
  }

  forget(backup: Backup): void {
    this.states.delete(backup.metadata.uid ?? '');
  }
}

/**
 * Writes the end of a backup into storage, unless that happened before an interruption, and lets go of its snapshots.
 *
 * @param backup - Finalizing
 * @returns the Backup as it is in storage
 */
export async function endWaitingBackup(
  backup: Backup,
  { store, state, operations }: WaitingBackup,
  {
    context,
    spool,
    signal,
  }: { context: ControllerContext; spool: SpoolFolder; signal: AbortSignal },
): Promise<Backup> {
  const { client, clock, namespace } = context;
  const { name = '', uid } = backup.metadata;
  const stored = await store.getMetadata(name, { signal });
  if (stored && stored.metadata.uid === uid) {
    await releaseSnapshots(operations, { client, signal });
    return stored;
  }
  const log = new RunLog({
    file: spool.file('log.gz'),
    clock: () => new Date(clock.now()),
    fields: { backup: `${namespace}/${name}` },
  });
  try {
    await log.prepend(
      await store.objects.get(store.keys.backup(name).logs, { signal }),
    );
    log.findings.resume(structuredClone(state.findings));
    const finished = await finaliseBackup({
      backup,
      state,
      operations,
      client,
      store,
      signer: await context.signer(),
      log,
      clock,
      signal,
    });
    await releaseSnapshots(operations, { client, signal });
    return finished;
  } finally {
    await log.discard();
  }
}
