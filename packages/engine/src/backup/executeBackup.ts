import { Backup, VolumeCounts, readScope } from '@lifeboat/velero-api';
import type { Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { Discovery } from '../cluster/Discovery';
import type { BackupStore } from '../storage/BackupStore';
import type { BackupRecord, RecordSigner } from '../storage/RecordSigner';
import { specDigest } from '../storage/signRecords';
import type { BackupItemAction } from './actions/BackupItemAction';
import type { BackupFilters } from './BackupFilters';
import { BackupRun, BackupRunOutcome } from './BackupRun';
import { itemKey } from './ItemIdentifier';
import { seconds } from './prepareBackup';
import type { RunLog } from './RunLog';
import { TarballWriter } from './TarballWriter';
import { finishBackupFiles, writeBackupFiles } from './writeBackupFiles';

/** Everything that carries out one backup; it has been validated and is InProgress. */
export interface ExecuteBackupOptions {
  backup: Backup;
  client: ClusterClient;
  discovery: Discovery;
  filters: BackupFilters;
  /** Namespace of the engine. */
  controlNamespace: string;
  actions: BackupItemAction[];
  withRelatedItems: boolean;
  store: BackupStore;
  signer: RecordSigner;
  log: RunLog;
  clock: Clock;
  signal: AbortSignal;
  onProgress(progress: { totalItems: number; itemsBackedUp: number }): void;
  /** Called once the tarball is in storage, before the other files; returns the Backup as it is then. */
  onFinalizing(result: {
    partiallyFailed: boolean;
    volumes: VolumeCounts;
  }): Promise<Backup>;
}

/**
 * Makes one backup: tarball first, other files next, the metadata with its terminal phase last.
 *
 * @returns the Backup as it is in storage, with its terminal phase
 * @throws when nothing restorable came about; partial files may be left in storage
 */
export async function executeBackup(
  options: ExecuteBackupOptions,
): Promise<Backup> {
  const { backup, store, log, clock, signal } = options;
  const name = backup.metadata.name ?? '';
  const { outcome, sha256 } = await writeTarball(options, name);
  const finalizing = await options.onFinalizing({
    partiallyFailed: log.findings.errorCount > 0,
    volumes: outcome.volumes.counts(),
  });
  const record = options.signer.sign(
    recordOf(finalizing, outcome, sha256, clock),
  );
  await writeBackupFiles(store, name, outcome, record, signal);
  log.info(`Backed up a total of ${outcome.items} items`);
  const finished: Backup = {
    ...finalizing,
    status: {
      ...finalizing.status,
      phase: log.findings.errorCount > 0 ? 'PartiallyFailed' : 'Completed',
      completionTimestamp: seconds(clock.now()),
      progress: { totalItems: outcome.items, itemsBackedUp: outcome.items },
      ...(log.findings.warningCount > 0 && {
        warnings: log.findings.warningCount,
      }),
      ...(log.findings.errorCount > 0 && { errors: log.findings.errorCount }),
    },
  };
  await finishBackupFiles(store, finished, log, signal);
  return finished;
}

async function writeTarball(
  options: ExecuteBackupOptions,
  name: string,
): Promise<{ outcome: BackupRunOutcome; sha256: string }> {
  const { store, log, clock, signal } = options;
  const tarball = new TarballWriter(() => new Date(clock.now()));
  const abort = () => tarball.abort(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const upload = store.putContents(name, tarball.output, { signal });
  // Noticed below; until then a failed upload must not be an unhandled rejection.
  upload.catch(error => tarball.abort(error as Error));
  try {
    log.info('Writing backup version file');
    await tarball.start();
    const outcome = await new BackupRun({ ...options, tarball }).run();
    noteUnsupported(options.backup, log);
    if (outcome.volumes.count > 0) {
      log.info(
        `Objects only: the data of ${outcome.volumes.count} ${
          outcome.volumes.count === 1 ? 'volume' : 'volumes'
        } is not included`,
      );
    }
    tarball.finish();
    await upload;
    return { outcome, sha256: tarball.facts().sha256 };
  } catch (error) {
    tarball.abort(error as Error);
    await upload.catch(() => {});
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function noteUnsupported(backup: Backup, log: RunLog): void {
  for (const hook of backup.spec.hooks?.resources ?? []) {
    log.error(
      `hook ${hook.name} was not run: hooks arrive with a later version`,
    );
  }
}

function recordOf(
  backup: Backup,
  outcome: BackupRunOutcome,
  tarballSha256: string,
  clock: Clock,
): BackupRecord {
  const scope = readScope(backup);
  return {
    version: 1,
    backup: {
      name: backup.metadata.name ?? '',
      uid: backup.metadata.uid ?? '',
      specDigest: specDigest(backup.spec),
    },
    ...(scope && { scope }),
    namespaces: outcome.namespaces.map(namespace => ({
      name: namespace.metadata.name ?? '',
      uid: namespace.metadata.uid ?? '',
      ...(scope?.namespace === namespace.metadata.name && {
        consent: scope?.consent,
      }),
    })),
    tarballSha256,
    shared: outcome.shared.map(itemKey),
    createdAt: seconds(clock.now()),
  };
}
