import type { Backup } from '@lifeboat/velero-api';
import type { BackupStore } from '../storage/BackupStore';
import type { SignedRecord } from '../storage/RecordSigner';
import type { BackupRunOutcome } from './BackupRun';
import type { RunLog } from './RunLog';

/**
 * Writes all files of a backup but the tarball, which is in storage already, and the metadata: the files that `describe` and a
 * restore read, then results and log.
 *
 * Source: Velero, object storage layout. Lists that have no entries yet are empty, never missing.
 */
export async function writeBackupFiles(
  store: BackupStore,
  name: string,
  outcome: BackupRunOutcome,
  record: SignedRecord,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal };
  await store.putBackupJson(name, 'podVolumeBackups', [], options);
  await store.putBackupJson(name, 'volumeSnapshots', [], options);
  await store.putBackupJson(name, 'itemOperations', [], options);
  await store.putBackupJson(
    name,
    'resourceList',
    outcome.resources.toJSON(),
    options,
  );
  await store.putBackupJson(
    name,
    'volumeInfo',
    outcome.volumes.toJSON(),
    options,
  );
  await store.putBackupJson(name, 'lifeboatRecord', record, options);
}

/**
 * Ends a backup in storage: results, log, and last of all the metadata, whose presence makes the folder a backup.
 *
 * @param backup - with its terminal phase
 */
export async function finishBackupFiles(
  store: BackupStore,
  backup: Backup,
  log: RunLog,
  signal: AbortSignal,
): Promise<void> {
  const name = backup.metadata.name ?? '';
  const options = { signal };
  await log.close();
  await store.putBackupJson(name, 'results', log.findings.results, options);
  await store.putBackupFile(name, 'logs', log.read(), options);
  // Another cluster may have made a backup of the same name in the meantime.
  const other = await store.getMetadata(name, options);
  if (other && other.metadata.uid !== backup.metadata.uid) {
    throw new Error(
      `another cluster stored a backup named ${name} in location ${store.locationName} while this one was running; choose another name, or another prefix for each cluster`,
    );
  }
  await store.putMetadata(name, backup, options);
}
