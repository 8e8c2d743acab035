import type {
  BackupVolumeInfo,
  CsiSnapshotInfo,
  PodVolumeBackup,
} from '@lifeboat/velero-api';
import { bytesOf } from '../../volumes/policies/quantity';
import { objectAt, stringAt } from '../jsonPath';
import type { VolumeOperation } from './operations';

/**
 * The entry of `<backup>-volumeinfo.json.gz` for a volume whose data was to be taken.
 *
 * @param base - what is known of claim and volume; empty for a volume that a pod brings itself
 *
 * Source: Velero `internal/volume/volumes_information.go`.
 */
export function finishedVolumeInfo(
  operation: VolumeOperation,
  base: Partial<BackupVolumeInfo>,
): BackupVolumeInfo {
  const { record, state, error } = operation;
  const result = state === 'completed' ? 'succeeded' : 'failed';
  const common: BackupVolumeInfo = {
    ...base,
    snapshotDataMoved: false,
    preserveLocalSnapshot: false,
    skipped: false,
    ...(error && { skippedReason: error }),
    result,
  };
  switch (record.method) {
    case 'csi-data-movement':
      return moved(operation, common);
    case 'csi-snapshot':
      return kept(operation, common);
    default:
      return copied(operation.copy, common);
  }
}

function moved(
  { record, upload, state }: VolumeOperation,
  common: BackupVolumeInfo,
): BackupVolumeInfo {
  const { status, spec } = upload ?? {};
  return {
    ...common,
    backupMethod: 'CSISnapshot',
    snapshotDataMoved: true,
    startTimestamp: record.startedAt,
    ...(status?.completionTimestamp && {
      completionTimestamp: status.completionTimestamp,
    }),
    csiSnapshotInfo: {
      snapshotHandle: 'unknown',
      size: 0,
      driver: record.snapshot?.driver ?? '',
      vscName: 'unknown',
      operationID: 'unknown',
      ReadyToUse: null,
    },
    snapshotDataMovementInfo: {
      dataMover: spec?.datamover || 'velero',
      uploaderType: 'kopia',
      retainedSnapshot: record.snapshot?.name,
      snapshotHandle: status?.snapshotID ?? '',
      operationID: record.operationID ?? '',
      size: status?.progress?.totalBytes ?? 0,
      ...(status?.incrementalBytes !== undefined && {
        incrementalSize: status.incrementalBytes,
      }),
      Phase: status?.phase ?? (state === 'failed' ? 'Failed' : ''),
    },
  };
}

function kept(
  { record, snapshot, content }: VolumeOperation,
  common: BackupVolumeInfo,
): BackupVolumeInfo {
  const { restoreSize, readyToUse } = objectAt(content, 'status');
  const size =
    typeof restoreSize === 'number'
      ? restoreSize
      : bytesOf(stringAt(snapshot, 'status', 'restoreSize'));
  const info: CsiSnapshotInfo = {
    snapshotHandle: record.snapshot?.handle ?? '',
    size,
    driver: record.snapshot?.driver ?? '',
    vscName: record.snapshot?.content ?? '',
    operationID: record.operationID,
    ReadyToUse: typeof readyToUse === 'boolean' ? readyToUse : null,
  };
  return {
    ...common,
    backupMethod: 'CSISnapshot',
    preserveLocalSnapshot: true,
    startTimestamp: record.startedAt,
    csiSnapshotInfo: info,
  };
}

function copied(
  copy: PodVolumeBackup | undefined,
  common: BackupVolumeInfo,
): BackupVolumeInfo {
  const { spec, status } = copy ?? {};
  return {
    ...common,
    backupMethod: 'PodVolumeBackup',
    ...(status?.startTimestamp && { startTimestamp: status.startTimestamp }),
    ...(status?.completionTimestamp && {
      completionTimestamp: status.completionTimestamp,
    }),
    pvbInfo: {
      snapshotHandle: status?.snapshotID ?? '',
      size: status?.progress?.totalBytes ?? 0,
      ...(status?.incrementalBytes !== undefined && {
        incrementalSize: status.incrementalBytes,
      }),
      uploaderType: spec?.uploaderType || 'kopia',
      volumeName: spec?.volume,
      podName: spec?.pod.name,
      podNamespace: spec?.pod.namespace,
      nodeName: spec?.node,
      Phase: status?.phase,
    },
  };
}
