/* eslint-disable jest/no-standalone-expect -- the cases are data */
import type {
  Backup,
  BackupVolumeInfo,
  DataUpload,
  PodVolumeBackup,
} from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  readCases,
  describeCases,
  withoutNoise,
} from '../../testing/veleroCases';
import { JsonObject, stringAt } from '../jsonPath';
import { finishedVolumeInfo } from './finishedVolumeInfo';
import { itemOperations, snapshotOutcome, VolumeOperation } from './operations';
import type { VolumeRecord } from './VolumeRecord';

function play(
  test: string,
  check: (input: JsonObject, output: JsonObject) => void,
  applies: (input: JsonObject, output: JsonObject) => boolean = () => true,
): void {
  const found = readCases(test).filter(({ input, output }) =>
    applies(input, output),
  );
  if (found.length > 0) {
    it.each(found.map(each => [each.name, each] as const))(
      `${test}: %s`,
      (_name, { input, output }) => {
        expect.hasAssertions();
        check(input, output);
      },
    );
  }
}

function recordOf(fields: Partial<VolumeRecord>): VolumeRecord {
  return {
    method: 'csi-snapshot',
    reason: '',
    title: '',
    startedAt: '2026-11-23T07:16:06Z',
    ...fields,
  };
}

/** What is known of the only volume. */
function baseOf(input: JsonObject): Partial<BackupVolumeInfo> {
  const [entry] = Object.values((input.pvMap ?? {}) as JsonObject) as {
    pv: KubernetesObject;
    pvcName: string;
    pvcNamespace: string;
  }[];
  return {
    pvName: entry.pv.metadata.name,
    pvcName: entry.pvcName,
    pvcNamespace: entry.pvcNamespace,
    pvInfo: {
      reclaimPolicy: stringAt(
        entry.pv,
        'spec',
        'persistentVolumeReclaimPolicy',
      ),
      labels: entry.pv.metadata.labels,
    },
  };
}

/** The parts that the recorded object shows; results and names are further facts of ours. */
function expectInfo(
  operation: VolumeOperation,
  input: JsonObject,
  output: JsonObject,
): void {
  const [wanted] = output.volumeInfos as JsonObject[];
  expect(
    withoutNoise(finishedVolumeInfo(operation, baseOf(input))),
  ).toMatchObject(withoutNoise(wanted) as object);
}

const hasInfo = (_input: JsonObject, output: JsonObject) =>
  (output.volumeInfos as unknown[]).length > 0;

describeCases('recorded behaviour of Velero: data of volumes', () => {
  play(
    'internal_volume.TestGenerateVolumeInfoForCSIVolumeSnapshot',
    (input, output) => {
      const snapshot = input.volumeSnapshot as KubernetesObject;
      const content = input.volumeSnapshotContent as KubernetesObject;
      expectInfo(
        {
          record: recordOf({
            operationID: stringAt(input.operation, 'spec', 'operationID'),
            snapshot: {
              namespace: '',
              name: snapshot.metadata.name ?? '',
              content: content.metadata.name ?? '',
              handle: stringAt(content, 'status', 'snapshotHandle') ?? '',
              driver: stringAt(content, 'spec', 'driver') ?? '',
              snapshotClass: '',
            },
          }),
          state: 'completed',
          isLate: false,
          snapshot,
          // The case leaves readiness to the VolumeSnapshot.
          content: {
            ...content,
            status: { ...(content.status as JsonObject), readyToUse: true },
          },
        },
        input,
        output,
      );
    },
    hasInfo,
  );

  play(
    'internal_volume.TestGenerateVolumeInfoFromDataUpload',
    (input, output) => {
      const upload = input.dataUpload as DataUpload;
      const [wanted] = output.volumeInfos as BackupVolumeInfo[];
      // Velero writes the snapshot's id later; here the file is written once, at the end.
      wanted.snapshotDataMovementInfo!.snapshotHandle =
        upload.status?.snapshotID ?? '';
      expectInfo(
        {
          record: recordOf({
            method: 'csi-data-movement',
            operationID: stringAt(input.operation, 'spec', 'operationID'),
            snapshot: {
              namespace: '',
              name: '',
              content: '',
              handle: '',
              driver: stringAt(input.vsc, 'spec', 'driver') ?? '',
              snapshotClass: '',
            },
          }),
          state: 'completed',
          isLate: false,
          upload,
        },
        input,
        output,
      );
    },
    hasInfo,
  );

  play(
    'internal_volume.TestGenerateVolumeInfoFromPVB',
    (input, output) => {
      const copy = input.pvb as PodVolumeBackup;
      expectInfo(
        {
          record: recordOf({ method: 'fs-backup' }),
          state: copy.status?.phase === 'Completed' ? 'completed' : 'failed',
          isLate: false,
          copy,
        },
        input,
        output,
      );
    },
    hasInfo,
  );

  play(
    'pkg_backup_actions_csi.TestVSProgress',
    (input, output) => {
      const { state, error } = snapshotOutcome(
        input.vs as KubernetesObject,
        input.vsc as KubernetesObject | undefined,
      );
      const { completed, err } = output.progress as {
        completed: boolean;
        err: string;
      };
      const ended = err ? 'failed' : 'completed';
      expect({ state, error: error ?? '' }).toEqual({
        state: completed ? ended : 'open',
        error: err,
      });
    },
    // Without a content: here it was there when the snapshot was cut, so that it has been deleted.
    input => input.vs !== undefined && input.vsc !== undefined,
  );

  play(
    'pkg_backup_actions_csi.TestProgress',
    (input, output) => {
      const upload = input.dataUpload as DataUpload;
      const wanted = output.progress as JsonObject;
      const [{ status }] = itemOperations(
        input.backup as Backup,
        [
          {
            record: recordOf({
              method: 'csi-data-movement',
              operationID: input.operationID as string,
              dataUpload: upload.metadata.name,
            }),
            state:
              upload.status?.phase === 'Completed' ? 'completed' : 'failed',
            error: upload.status?.message,
            isLate: false,
            upload,
          },
        ],
        0,
      );
      expect(status).toMatchObject({
        nCompleted: wanted.nCompleted,
        nTotal: wanted.nTotal,
        operationUnits: wanted.operationUnits,
        description: wanted.description,
        error: wanted.err,
        started: wanted.started,
        updated: wanted.updated,
      });
    },
    input => input.dataUpload !== undefined,
  );
});
