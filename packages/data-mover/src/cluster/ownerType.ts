import type { ApiType } from './PodApi';

const v1 = (plural: string): ApiType => ({
  group: 'velero.io',
  version: 'v1',
  plural,
});
const v2alpha1 = (plural: string): ApiType => ({
  group: 'velero.io',
  version: 'v2alpha1',
  plural,
});

/** The custom resources that a mover reads or patches. */
export const apiTypes = {
  DataUpload: v2alpha1('datauploads'),
  DataDownload: v2alpha1('datadownloads'),
  PodVolumeBackup: v1('podvolumebackups'),
  PodVolumeRestore: v1('podvolumerestores'),
  BackupRepository: v1('backuprepositories'),
  BackupStorageLocation: v1('backupstoragelocations'),
} as const;
