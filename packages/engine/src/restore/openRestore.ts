import {
  Backup,
  BackupVolumeInfo,
  excludeNonRestorableResources,
  readScope,
  Restore,
} from '@lifeboat/velero-api';
import type { BackupStore } from '../storage/BackupStore';
import { ObjectNotFoundError, StorageError } from '../storage/ObjectStore';
import type { BackupRecord, RecordSigner } from '../storage/RecordSigner';
import { specDigest } from '../storage/signRecords';
import type { Discovery } from '../cluster/Discovery';
import { BackupContents, ContentsLimits } from './read/BackupContents';
import { ContentsError } from './read/ContentsError';
import { RestoreFilters } from './RestoreFilters';

/** A backup opened for a restore or its preview. */
export interface OpenedBackup {
  contents: BackupContents;
  volumeInfo: BackupVolumeInfo[] | undefined;
  /** Keys of objects that workloads outside the backup use too. */
  shared: ReadonlySet<string>;
  /** The backup's record, when its signature and the tarball agree. */
  record: BackupRecord | undefined;
}

/** How much of the volumeinfo file is read. */
const maxVolumeInfoBytes = 64 * 1024 * 1024;
const maxRecordBytes = 64 * 1024 * 1024;

/** Why a backup's record proves nothing, or the record. */
export type RecordCheck = { record: BackupRecord } | { problem: string };

/**
 * Reads and verifies the record of a backup: its signature, and that the Backup in storage is the one it was made for.
 */
export async function checkRecord(
  store: BackupStore,
  signer: RecordSigner,
  backupName: string,
  signal: AbortSignal,
): Promise<RecordCheck> {
  let stored: unknown;
  try {
    stored = await store.getBackupJson<unknown>(backupName, 'lifeboatRecord', {
      signal,
      maxBytes: maxRecordBytes,
    });
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'integrity') {
      return { problem: `its signed record is unusable: ${error.message}` };
    }
    throw error;
  }
  const verification = signer.verify(stored);
  if (!verification.verified) {
    return { problem: verification.message };
  }
  const { record } = verification;
  const metadata = await store.getMetadata(backupName, { signal });
  if (
    !metadata ||
    record.backup.name !== backupName ||
    record.backup.uid !== metadata.metadata.uid ||
    record.backup.specDigest !== specDigest(metadata.spec) ||
    JSON.stringify(readScope(metadata)) !== JSON.stringify(record.scope)
  ) {
    return {
      problem:
        'the signed record in storage belongs to another backup than the one stored beside it',
    };
  }
  return { record };
}

/**
 * Downloads a backup's contents into a spool file and reads what decides about its volumes.
 *
 * @param spoolFile - path of a file in a private folder
 * @param record - the verified record; the tarball must have its digest
 * @throws ContentsError if the contents are missing, unusable or not those of the record
 */
export async function openBackup(
  store: BackupStore,
  backupName: string,
  spoolFile: string,
  record: BackupRecord | undefined,
  options: { signal: AbortSignal; limits?: ContentsLimits },
): Promise<OpenedBackup> {
  const { signal } = options;
  const volumeInfo =
    (await store.getBackupJson<BackupVolumeInfo[] | null>(
      backupName,
      'volumeInfo',
      { signal, maxBytes: maxVolumeInfoBytes },
    )) ?? undefined;
  let contents: BackupContents;
  try {
    contents = await BackupContents.unpack(
      await store.readContents(backupName, { signal }),
      spoolFile,
      options,
    );
  } catch (error) {
    if (error instanceof ObjectNotFoundError) {
      throw new ContentsError(
        'missing',
        `the contents of backup ${backupName} are not in storage`,
      );
    }
    throw error;
  }
  if (record && record.tarballSha256 !== contents.sha256) {
    await contents.close();
    throw new ContentsError(
      'corrupt',
      `the contents of backup ${backupName} in storage are not those that the engine wrote: their digest differs from the signed record`,
    );
  }
  return { contents, volumeInfo, record, shared: new Set(record?.shared) };
}

/** The filters of a Restore over an opened backup, with the types that are never restored left out. */
export function filtersOf(
  restore: Restore,
  contents: BackupContents,
  discovery: Discovery,
): RestoreFilters {
  return new RestoreFilters(
    excludeNonRestorableResources(restore.spec),
    contents.namespaces(),
    discovery,
  );
}

/** Whether a Backup can be restored, or why not. */
export function whyNotRestorable(backup: Backup): string | undefined {
  const phase = backup.status?.phase;
  if (phase === 'Completed' || phase === 'PartiallyFailed') {
    return undefined;
  }
  return `backup ${backup.metadata.name} is in phase ${
    phase ?? 'New'
  } and cannot be restored: only Completed and PartiallyFailed backups can`;
}
