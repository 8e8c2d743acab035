import type {
  Backup,
  BackupOperation,
  BackupVolumeInfo,
  PodVolumeBackup,
  ResourceList,
} from '@lifeboat/velero-api';
import type { BackupStore } from '../storage/BackupStore';
import type { SignedRecord } from '../storage/RecordSigner';
import type { RunLog } from './RunLog';
import { removeRunMarker } from './RunMarker';

/** The files beside the tarball that say what is in a backup. */
export interface BackupFiles {
  resourceList: ResourceList;
  volumeInfo: BackupVolumeInfo[];
  podVolumeBackups: PodVolumeBackup[];
  itemOperations: BackupOperation[];
  record: SignedRecord;
}

/**
 * Writes all files of a backup but the tarball, which is in storage already, and the metadata: the files that `describe` and a
 * restore read.
 *
 * Source: Velero, object storage layout. Lists without entries are empty, never missing.
 */
export async function writeBackupFiles(
  store: BackupStore,
  name: string,
  files: BackupFiles,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal };
  await store.putBackupJson(
    name,
    'podVolumeBackups',
    files.podVolumeBackups,
    options,
  );
  // Snapshots by storage providers' own plugins: there are none.
  await store.putBackupJson(name, 'volumeSnapshots', [], options);
  await store.putBackupJson(
    name,
    'itemOperations',
    files.itemOperations,
    options,
  );
  await store.putBackupJson(name, 'resourceList', files.resourceList, options);
  await store.putBackupJson(name, 'volumeInfo', files.volumeInfo, options);
  await store.putBackupJson(name, 'lifeboatRecord', files.record, options);
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
  await removeRunMarker(store, name, options);
}
