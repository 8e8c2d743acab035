import { isKopiaError } from '@lifeboat/kopia';

/** What a failure's explanation can name. */
export interface FailurePlace {
  /** The BackupStorageLocation. */
  readonly location?: string;
  readonly volumeNamespace?: string;
  readonly controlNamespace: string;
}

const full = /\b(ENOSPC|EDQUOT)\b|disk is full/;
// Names of S3 servers for a bucket or server without room: RGW, MinIO, NooBaa, Ceph quotas, HTTP 507.
const bucketFull =
  /\b(QuotaExceeded|XMinioStorageFull|XMinioAdminBucketQuotaExceeded|StorageFull|InsufficientStorage|ServiceQuotaExceeded|EntityTooLarge)\b|HTTP 507/;
const credentialsRefused =
  /\b(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired)\b/;

/** Says for people what went wrong and what to do about it, as far as that is known. */
export function explainFailure(error: unknown, place: FailurePlace): string {
  const message = error instanceof Error ? error.message : String(error);
  const repository = `the repository of namespace ${place.volumeNamespace} in storage location ${place.location}`;
  if (!place.location || !place.volumeNamespace) return message;
  if (isKopiaError(error, 'invalid-password'))
    return `The repository password does not open ${repository}. It was made with another password: bring back the exported one (Secret velero-repo-credentials in ${place.controlNamespace}). ${message}`;
  if (
    isKopiaError(error, 'not-found') ||
    isKopiaError(error, 'foreign-storage')
  )
    return `Cannot open ${repository}: ${message}`;
  if (bucketFull.test(message))
    return `The storage of location ${place.location} is full: ${message}`;
  if (full.test(message) && isKopiaError(error) && error.place.blob)
    return `The storage of location ${place.location} is full: ${message}`;
  if (full.test(message))
    return `The volume is full: ${message}. It must be at least as large as the one that was backed up`;
  if (credentialsRefused.test(message))
    return `The storage of location ${place.location} refuses the credentials: ${message}. Were they changed?`;
  if (
    isKopiaError(error, 'upgrade-in-progress') ||
    isKopiaError(error, 'corrupt')
  )
    return `${repository[0].toUpperCase()}${repository.slice(1)}: ${message}`;
  return message;
}
