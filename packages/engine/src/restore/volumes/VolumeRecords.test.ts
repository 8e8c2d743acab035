import type {
  BackupVolumeInfo,
  DataUpload,
  PodVolumeBackup,
} from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { VolumeRecords } from './VolumeRecords';

const claim = (
  annotations: { [key: string]: string } = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace: 'shop', name: 'data', annotations },
});

const upload = (status: DataUpload['status']): DataUpload => ({
  apiVersion: 'velero.io/v2alpha1',
  kind: 'DataUpload',
  metadata: { namespace: 'openshift-adp', name: 'nightly-1' },
  spec: {
    snapshotType: 'CSI',
    sourcePVC: 'data',
    sourceNamespace: 'shop',
    backupStorageLocation: 'of-the-other-cluster',
    operationTimeout: '10m0s',
  },
  status,
});

const files = (status: PodVolumeBackup['status']): PodVolumeBackup => ({
  apiVersion: 'velero.io/v1',
  kind: 'PodVolumeBackup',
  metadata: { name: 'files-1', annotations: { 'velero.io/pvc-name': 'data' } },
  spec: {
    node: 'n',
    pod: { namespace: 'shop', name: 'db-0' },
    volume: 'storage',
    backupStorageLocation: 'default',
    repoIdentifier: '',
  },
  status,
});

const info = (change: Partial<BackupVolumeInfo>): BackupVolumeInfo => ({
  pvcName: 'data',
  pvcNamespace: 'shop',
  pvName: 'pv-1',
  snapshotDataMoved: false,
  preserveLocalSnapshot: false,
  skipped: false,
  ...change,
});

describe('VolumeRecords', () => {
  it('finds moved data by its DataUpload, in the location of this cluster', () => {
    const records = new VolumeRecords({
      dataUploads: [
        upload({
          phase: 'Completed',
          snapshotID: 'abc',
          progress: { totalBytes: 7 },
        }),
      ],
      location: 'default',
    });
    expect(
      records.ofClaim(
        claim({ 'velero.io/data-upload-name': 'openshift-adp/nightly-1' }),
      ),
    ).toEqual({
      kind: 'moved',
      snapshotID: 'abc',
      repositoryNamespace: 'shop',
      location: 'default',
      size: 7,
    });
    expect(records.repositories()).toEqual([
      { namespace: 'shop', location: 'default', snapshotIDs: ['abc'] },
    ]);
  });

  it('says that data is lost when its upload failed, or is not in the backup', () => {
    expect(
      new VolumeRecords({
        dataUploads: [upload({ phase: 'Failed', message: 'bucket full' })],
        location: '',
      }).ofClaim(claim()),
    ).toEqual({
      kind: 'lost',
      reason: 'DataUpload nightly-1 ended as Failed: bucket full',
    });
    expect(
      new VolumeRecords({ location: '' }).ofClaim(
        claim({ 'velero.io/data-upload-name': 'openshift-adp/gone' }),
      ),
    ).toMatchObject({ kind: 'lost' });
  });

  it('goes by the volume information where records are missing', () => {
    const records = (change: Partial<BackupVolumeInfo>) =>
      new VolumeRecords({
        volumeInfo: [info(change)],
        location: 'default',
      }).ofClaim(claim({ 'velero.io/volume-snapshot-name': 'snapshot' }));
    expect(
      records({
        backupMethod: 'CSISnapshot',
        snapshotDataMoved: true,
        snapshotDataMovementInfo: {
          dataMover: 'velero',
          uploaderType: 'kopia',
          snapshotHandle: 'abc',
          operationID: 'du-1',
          size: 3,
        },
      }),
    ).toMatchObject({ kind: 'moved', snapshotID: 'abc' });
    expect(
      records({
        backupMethod: 'PodVolumeBackup',
        pvbInfo: { snapshotHandle: 'def', podNamespace: 'shop', size: 3 },
      }),
    ).toMatchObject({ kind: 'moved', snapshotID: 'def' });
    expect(records({ backupMethod: 'NativeSnapshot' })).toMatchObject({
      kind: 'lost',
    });
    expect(records({ backupMethod: 'CSISnapshot' })).toEqual({
      kind: 'snapshot',
      volumeSnapshot: 'snapshot',
    });
    expect(records({ skipped: true })).toEqual({ kind: 'none' });
  });

  it('finds files by the claim and by the pod', () => {
    const records = new VolumeRecords({
      podVolumeBackups: [
        files({ phase: 'Completed', snapshotID: 'abc' }),
        { ...files({ phase: 'Failed' }), metadata: { name: 'files-2' } },
      ],
      location: 'default',
    });
    expect(records.ofClaim(claim())).toMatchObject({
      kind: 'files',
      pod: 'db-0',
      volume: 'storage',
      snapshotID: 'abc',
    });
    expect(
      records.ofPod({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'shop', name: 'db-0' },
      }),
    ).toEqual([expect.objectContaining({ volume: 'storage', claim: 'data' })]);
  });
});
