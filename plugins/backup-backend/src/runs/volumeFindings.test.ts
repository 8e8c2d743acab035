import type { BackupVolumeInfo } from '@lifeboat/velero-api';
import { volumeFindings } from './volumeFindings';

const info = (more: Partial<BackupVolumeInfo>): BackupVolumeInfo => ({
  pvcName: 'pgdata',
  pvcNamespace: 'shop',
  snapshotDataMoved: false,
  preserveLocalSnapshot: false,
  skipped: false,
  ...more,
});

const only = (more: Partial<BackupVolumeInfo>) =>
  volumeFindings([info(more)], undefined, 'shop')[0];

it('says how the data was taken, how much there is and how much was new', () => {
  expect(
    only({
      backupMethod: 'CSISnapshot',
      snapshotDataMoved: true,
      result: 'succeeded',
      csiSnapshotInfo: { snapshotHandle: '', size: 0, driver: '', vscName: '' },
      snapshotDataMovementInfo: {
        dataMover: 'velero',
        uploaderType: 'kopia',
        snapshotHandle: 'k1',
        operationID: 'du-1',
        size: 900,
        incrementalSize: 12,
      },
    }),
  ).toEqual({
    pvc: 'pgdata',
    namespace: 'shop',
    included: true,
    state: 'done',
    method: 'snapshot-moved',
    sizeBytes: 900,
    newBytes: 12,
  });
  expect(
    only({
      backupMethod: 'PodVolumeBackup',
      pvbInfo: { size: 5, incrementalSize: 0 },
    }),
  ).toMatchObject({ method: 'file-system', sizeBytes: 5, newBytes: 0 });
  expect(
    only({
      backupMethod: 'CSISnapshot',
      preserveLocalSnapshot: true,
      csiSnapshotInfo: {
        snapshotHandle: 's',
        size: 7,
        driver: 'd',
        vscName: 'v',
      },
    }),
  ).toMatchObject({ method: 'snapshot-kept', sizeBytes: 7, included: true });
});

it('says why data is missing', () => {
  expect(
    only({ skipped: true, skippedReason: 'Excluded by the policy' }),
  ).toMatchObject({
    included: false,
    state: 'skipped',
    reason: 'Excluded by the policy',
  });
  expect(only({ backupMethod: 'CSISnapshot', result: 'failed' })).toMatchObject(
    { included: false, state: 'failed' },
  );
});

it('trusts the file about what is there, and the cluster about how it went', () => {
  const moving = [
    {
      pvc: 'pgdata',
      namespace: 'shop',
      included: true,
      state: 'done' as const,
      method: 'snapshot-moved' as const,
      storedBytes: 3,
      resource: { kind: 'DataUpload', name: 'du', phase: 'Completed' },
    },
  ];
  expect(
    volumeFindings(
      [info({ backupMethod: 'CSISnapshot', result: 'failed' })],
      undefined,
      'shop',
      moving,
    )[0],
  ).toMatchObject({ included: false, state: 'failed', storedBytes: 3 });
  expect(
    volumeFindings(
      [
        info({
          backupMethod: 'CSISnapshot',
          result: 'failed',
          skippedReason: 'its DataUpload du is Failed: the disk is full',
        }),
      ],
      undefined,
      'shop',
      [
        {
          ...moving[0],
          included: false,
          state: 'failed',
          reason: 'the disk is full',
        },
      ],
    )[0].reason,
  ).toBe('the disk is full');
  // A claim of which the file says nothing has no data in the backup.
  expect(
    volumeFindings(
      [],
      { 'v1/PersistentVolumeClaim': ['shop/pgdata', 'other/x'] },
      'shop',
    ),
  ).toEqual([
    {
      pvc: 'pgdata',
      namespace: 'shop',
      included: false,
      state: 'skipped',
      reason: 'Its data was not backed up',
    },
  ]);
});

it('lists volumes that a pod brings itself, of the own namespace only', () => {
  const own = (namespace: string) =>
    info({
      pvcName: undefined,
      pvcNamespace: undefined,
      backupMethod: 'PodVolumeBackup',
      pvbInfo: {
        volumeName: 'cache',
        podName: 'web-0',
        podNamespace: namespace,
      },
    });
  expect(
    volumeFindings([own('shop'), own('payments')], undefined, 'shop'),
  ).toMatchObject([{ pvc: 'cache', pod: 'web-0', included: true }]);
});
