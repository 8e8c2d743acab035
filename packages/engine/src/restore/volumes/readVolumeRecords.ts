import {
  type Backup,
  type BackupVolumeInfo,
  type DataUpload,
  type PodVolumeBackup,
} from '@lifeboat/velero-api';
import { isJsonObject, valueAt } from '../../backup/jsonPath';
import type { BackupStore } from '../../storage/BackupStore';
import type { BackupContents } from '../read/BackupContents';
import { VolumeRecords } from './VolumeRecords';

const maxRecordsBytes = 64 * 1024 * 1024;

/**
 * Reads where a backup has the content of its volumes: DataUploads in the tarball, PodVolumeBackups and volume information beside
 * it. Records that cannot be understood are left out.
 *
 * @param contents - absent: what the files beside the tarball say
 * @throws StorageError when storage does not answer
 */
export async function readVolumeRecords(
  store: BackupStore,
  backup: Backup,
  contents: BackupContents | undefined,
  volumeInfo: readonly BackupVolumeInfo[] | undefined,
  signal: AbortSignal,
): Promise<VolumeRecords> {
  const listed = await store.getBackupJson<unknown>(
    backup.metadata.name ?? '',
    'podVolumeBackups',
    { signal, maxBytes: maxRecordsBytes },
  );
  const dataUploads: DataUpload[] = [];
  for (const item of contents?.itemsOf('datauploads.velero.io') ?? []) {
    const upload: unknown = await contents!.read(item).catch(() => undefined);
    if (isDataUpload(upload)) {
      dataUploads.push(upload);
    }
  }
  return new VolumeRecords({
    ...(volumeInfo && { volumeInfo }),
    dataUploads,
    podVolumeBackups: Array.isArray(listed)
      ? listed.filter(isPodVolumeBackup)
      : [],
    location: backup.spec.storageLocation ?? '',
  });
}

function isDataUpload(value: unknown): value is DataUpload {
  return (
    isJsonObject(value) &&
    typeof valueAt(value, 'spec', 'sourcePVC') === 'string' &&
    typeof valueAt(value, 'spec', 'sourceNamespace') === 'string'
  );
}

function isPodVolumeBackup(value: unknown): value is PodVolumeBackup {
  return (
    isJsonObject(value) &&
    typeof valueAt(value, 'spec', 'volume') === 'string' &&
    isJsonObject(valueAt(value, 'spec', 'pod')) &&
    isJsonObject(value.metadata)
  );
}
