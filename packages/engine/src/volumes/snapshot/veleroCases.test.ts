/* eslint-disable jest/no-standalone-expect -- the cases are data */
import type { JsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { readCases, describeCases } from '../../testing/veleroCases';
import { chooseSnapshotClass } from './chooseSnapshotClass';

describeCases('recorded behaviour of Velero: snapshot classes', () => {
  for (const test of [
    'pkg_util_csi.TestGetVolumeSnapshotClass',
    'pkg_util_csi.TestGetVolumeSnapshotClassForStorageClass',
  ]) {
    const cases = readCases(test);
    if (cases.length > 0) {
      it.each(cases.map(each => [each.name, each] as const))(
        `${test}: %s`,
        (_name, { input, output }) => {
          const given = input.volumeSnapshotClasses as
            | KubernetesObject[]
            | { items: KubernetesObject[] };
          const choose = () =>
            chooseSnapshotClass(Array.isArray(given) ? given : given.items, {
              driver: input.driverName as string,
              claim: input.pvc as KubernetesObject,
              backup: input.backup as KubernetesObject,
            }).metadata.name;
          const wanted = output.error
            ? 'none'
            : ((output.class as JsonObject).metadata as JsonObject).name;
          let chosen: string | undefined;
          try {
            chosen = choose();
          } catch {
            chosen = 'none';
          }
          expect(chosen).toBe(wanted);
        },
      );
    }
  }
});
