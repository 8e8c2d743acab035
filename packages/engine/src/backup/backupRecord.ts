import { Backup, readScope } from '@lifeboat/velero-api';
import type { BackupRecord } from '../storage/RecordSigner';
import { specDigest } from '../storage/signRecords';
import { seconds } from './prepareBackup';

/** What of a finished run its signed record says. */
export interface RecordedRun {
  /** SHA-256 of the tarball as it is in storage, hexadecimal. */
  tarballSha256: string;
  namespaces: { name: string; uid: string }[];
  /** Keys of objects that others use too. */
  shared: string[];
}

/** The record of a backup, to be signed. */
export function backupRecord(
  backup: Backup,
  run: RecordedRun,
  now: number,
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
    namespaces: run.namespaces.map(({ name, uid }) => ({
      name,
      uid,
      ...(scope?.namespace === name && { consent: scope.consent }),
    })),
    tarballSha256: run.tarballSha256,
    shared: run.shared,
    createdAt: seconds(now),
  };
}
