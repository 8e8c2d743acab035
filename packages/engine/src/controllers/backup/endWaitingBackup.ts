import type { Backup } from '@lifeboat/velero-api';
import { RunLog } from '../../backup/RunLog';
import { removeRunMarker } from '../../backup/RunMarker';
import type { SpoolFolder } from '../../backup/SpoolFolder';
import {
  finaliseBackup,
  releaseSnapshots,
} from '../../backup/volumes/finaliseBackup';
import type { VolumeOperation } from '../../backup/volumes/operations';
import type { WaitingState } from '../../backup/volumes/WaitingState';
import type { BackupStore } from '../../storage/BackupStore';
import type { ControllerContext } from '../Controller';

/**
 * Writes the end of a backup into storage, unless that happened before an interruption, and lets go of its snapshots.
 *
 * @param backup - Finalizing
 * @returns the Backup as it is in storage
 */
export async function endWaitingBackup(
  backup: Backup,
  options: {
    state: WaitingState;
    operations: VolumeOperation[];
    store: BackupStore;
    context: ControllerContext;
    spool: SpoolFolder;
    signal: AbortSignal;
  },
): Promise<Backup> {
  const { store, state, operations, context, spool, signal } = options;
  const { client, clock, namespace } = context;
  const { name = '', uid } = backup.metadata;
  const stored = await store.getMetadata(name, { signal });
  if (stored && stored.metadata.uid === uid) {
    await releaseSnapshots(operations, { client, signal });
    await removeRunMarker(store, name, { signal });
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
