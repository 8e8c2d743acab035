/* eslint-disable jest/no-standalone-expect, jest/expect-expect -- the cases are data */
import type { PodVolumeBackup, Restore } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { cloneJson } from '../../cluster/json';
import {
  readCases,
  type VeleroCase,
  withoutNoise,
} from '../../testing/veleroCases';
import { provisionFromSnapshot } from './claimShape';
import { restoredSnapshotName } from './restoredSnapshotName';
import { addRestoreWait, restoreWaitSettings } from './restoreWait';
import { staticSnapshot } from './staticSnapshot';
import { VolumeRecords } from './VolumeRecords';

/*
 * What Velero's own code did with volumes in restores. Left out: cases about finding Velero's objects in the cluster
 * (DataUploadResults in ConfigMaps, the Backup), which this engine reads from the backup itself.
 */

const waitTests = [
  'pkg_restore_actions.TestPodVolumeRestoreActionExecute',
  'pkg_restore_actions.TestPodVolumeRestoreActionExecuteWithFileSystemShouldAddWaitInitContainer',
];

/** Without a folder of records there is nothing to play. */
function play(
  title: string,
  cases: VeleroCase[],
  test: (each: VeleroCase) => void | Promise<void>,
): void {
  for (const each of cases) {
    it(`${title}: ${each.name}`, async () => test(each));
  }
}

describe('volumes in restores as Velero treats them', () => {
  it('has names for restored snapshots', () => {
    expect(restoredSnapshotName('restoreUID', 'vsName')).toBe(
      '16e560cdf7afa5692e34255d9032494205b275c461355e1e3fc5dcaee516236f',
    );
  });

  play(
    'init container',
    waitTests.flatMap(test => readCases(test)),
    ({ input, output }) => {
      const item = input.item as KubernetesObject;
      const original =
        input.itemFromBackup === '$item'
          ? item
          : (input.itemFromBackup as KubernetesObject);
      const records = new VolumeRecords({
        // This engine reads them from the backup's own file, where there are no others.
        podVolumeBackups: (
          (input.podVolumeBackups ?? []) as PodVolumeBackup[]
        ).filter(
          ({ metadata }) =>
            metadata.namespace ===
            (input.restore as Restore).metadata.namespace,
        ),
        location: '',
      });
      const pod = cloneJson(item);
      const deployment = input.veleroDeployment as KubernetesObject | undefined;
      const containers = (deployment?.spec as any)?.template.spec.containers;
      const restoreUid = (input.restore as Restore).metadata.uid ?? '';
      addRestoreWait(
        pod,
        records.ofPod(original).map(({ volume }) => volume),
        restoreUid,
        restoreWaitSettings(
          { image: containers?.[0].image ?? 'velero/velero:latest' },
          // Velero's own helper, to compare with.
          { command: '/velero-restore-helper' },
        ),
      );
      const sorted = (value: any) => {
        for (const container of value.spec.initContainers ?? []) {
          container.volumeMounts?.sort((left: any, right: any) =>
            left.name < right.name ? -1 : 1,
          );
        }
        return withoutNoise(value);
      };
      expect(sorted(pod)).toEqual(sorted(cloneJson(output.updatedItem as any)));
    },
  );

  play(
    'claims from snapshots',
    readCases('pkg_restore_actions_csi.TestResetPVCSpec'),
    ({ input, output }) => {
      const claim = cloneJson(input.pvc) as KubernetesObject;
      provisionFromSnapshot(claim, String(input.vsName));
      expect(withoutNoise(claim)).toEqual(withoutNoise(output.pvc));
    },
  );

  it('makes a pair on the snapshot of the backup, which outlives it', () => {
    const pair = staticSnapshot(
      {
        snapshot: {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshot',
          metadata: {
            namespace: 'shop',
            name: 'vsName',
            uid: 'old',
            finalizers: ['bound'],
            labels: { app: 'shop' },
          },
          spec: { source: { persistentVolumeClaimName: 'data' } },
          status: { boundVolumeSnapshotContentName: 'content' },
        },
        content: {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshotContent',
          metadata: { name: 'content' },
          spec: {
            driver: 'hostpath.csi.k8s.io',
            deletionPolicy: 'Delete',
            source: { volumeHandle: 'volume' },
            volumeSnapshotRef: { name: 'vsName', namespace: 'shop', uid: 'u' },
          },
          status: { snapshotHandle: 'handle' },
        },
      },
      { namespace: 'copy', restoreUid: 'restoreUID' },
      'fast',
    );
    const name = restoredSnapshotName('restoreUID', 'vsName');
    expect(pair.snapshot).toMatchObject({
      metadata: { namespace: 'copy', name, labels: { app: 'shop' } },
      spec: { source: { volumeSnapshotContentName: name } },
    });
    expect(pair.snapshot.metadata).not.toHaveProperty('finalizers');
    expect(pair.content.spec).toEqual({
      driver: 'hostpath.csi.k8s.io',
      deletionPolicy: 'Retain',
      source: { snapshotHandle: 'handle' },
      volumeSnapshotClassName: 'fast',
      volumeSnapshotRef: {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        name,
        namespace: 'copy',
      },
    });
  });
});
