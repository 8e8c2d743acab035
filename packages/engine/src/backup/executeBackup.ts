import type { Backup, BackupStatus, VolumeCounts } from '@lifeboat/velero-api';
import type { Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { Discovery } from '../cluster/Discovery';
import type { BackupStore } from '../storage/BackupStore';
import type { RecordSigner } from '../storage/RecordSigner';
import type { BackupItemAction } from './actions/BackupItemAction';
import type { BackupFilters } from './BackupFilters';
import { backupRecord } from './backupRecord';
import { BackupRun, BackupRunOutcome } from './BackupRun';
import { finishedBackup } from './finishedBackup';
import { itemKey } from './ItemIdentifier';
import type { RunLog } from './RunLog';
import { uploadTarball } from './uploadTarball';
import { VolumeInfoCollector } from './volumeInfo';
import type { TakenVolumes } from './volumes/VolumeRecord';
import type { VolumeStage } from './volumes/VolumeStage';
import { putWaitingState } from './volumes/WaitingState';
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
  /** Takes the volumes; what it finds goes into the collector. */
  volumeStage(infos: VolumeInfoCollector): VolumeStage;
  store: BackupStore;
  signer: RecordSigner;
  log: RunLog;
  clock: Clock;
  signal: AbortSignal;
  onProgress(progress: { totalItems: number; itemsBackedUp: number }): void;
  /** Called once nothing but files is left to write; returns the Backup as it is then. */
  onFinalizing(result: RunResult): Promise<Backup>;
  /** Called once everything that ending the backup needs is in storage, while data of volumes is being moved. */
  onWaiting(result: RunResult): Promise<void>;
}

/** What a run tells the Backup about itself. */
export interface RunResult {
  partiallyFailed: boolean;
  volumes: VolumeCounts;
  status: BackupStatus;
}

/**
 * Makes one backup: tarball first, then the volumes' hooks and snapshots. Without data to be moved the other files follow, the
 * metadata with its terminal phase last; else `finaliseBackup` does that later.
 *
 * @returns the Backup as it is in storage, with its terminal phase; undefined when data is being moved
 * @throws when nothing restorable came about; partial files may be left in storage
 */
export async function executeBackup(
  options: ExecuteBackupOptions,
): Promise<Backup | undefined> {
  const { backup, store, log, clock, signal } = options;
  const name = backup.metadata.name ?? '';
  const infos = new VolumeInfoCollector();
  const stage = options.volumeStage(infos);
  const { outcome, sha256 } = await writeTarball(options, name, infos, stage);
  const volumes = await stage.take();
  log.info(`Backed up a total of ${outcome.items} items`);
  const result: RunResult = {
    partiallyFailed: log.findings.errorCount > 0,
    volumes: infos.counts(),
    status: statusOf(volumes),
  };
  const run = {
    tarballSha256: sha256,
    namespaces: outcome.namespaces.map(({ metadata }) => ({
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
    })),
    shared: outcome.shared.map(itemKey),
  };
  if (volumes.records.length > 0 || volumes.dropped.length > 0) {
    await log.close();
    await store.putBackupFile(name, 'logs', log.read(), { signal });
    await putWaitingState(
      store,
      name,
      {
        version: 1,
        backupUid: backup.metadata.uid ?? '',
        ...run,
        items: outcome.items,
        volumes,
        volumeInfos: infos.toJSON(),
        resourceList: outcome.resources.toJSON(),
        findings: {
          results: log.findings.results,
          errors: log.findings.errorCount,
          warnings: log.findings.warningCount,
        },
      },
      { signal },
    );
    await options.onWaiting(result);
    return undefined;
  }
  const finalizing = await options.onFinalizing(result);
  await writeBackupFiles(
    store,
    name,
    {
      resourceList: outcome.resources.toJSON(),
      volumeInfo: infos.toJSON(),
      podVolumeBackups: [],
      itemOperations: [],
      record: options.signer.sign(backupRecord(finalizing, run, clock.now())),
    },
    signal,
  );
  const finished = finishedBackup(finalizing, log, {
    items: outcome.items,
    now: clock.now(),
  });
  await finishBackupFiles(store, finished, log, signal);
  return finished;
}

function statusOf(volumes: TakenVolumes): BackupStatus {
  const operations = volumes.records.filter(({ operationID }) => operationID);
  const { hookStatus, snapshotsAttempted } = volumes;
  return {
    ...(Object.keys(hookStatus).length > 0 && { hookStatus }),
    ...(snapshotsAttempted > 0 && {
      csiVolumeSnapshotsAttempted: snapshotsAttempted,
    }),
    ...(operations.length > 0 && {
      backupItemOperationsAttempted: operations.length,
    }),
  };
}

async function writeTarball(
  options: ExecuteBackupOptions,
  name: string,
  volumes: VolumeInfoCollector,
  stage: VolumeStage,
): Promise<{ outcome: BackupRunOutcome; sha256: string }> {
  const { store, log, signal } = options;
  const { written: outcome, sha256 } = await uploadTarball(
    body => store.putContents(name, body, { signal }),
    async tarball => {
      log.info('Writing backup version file');
      await tarball.start();
      return new BackupRun({ ...options, tarball, volumes, stage }).run();
    },
    options,
  );
  return { outcome, sha256 };
}
