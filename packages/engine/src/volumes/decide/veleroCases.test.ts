/* eslint-disable jest/no-standalone-expect -- the cases are data */
import type { BackupSpec } from '@lifeboat/velero-api';
import type { JsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { readCases, describeCases } from '../../testing/veleroCases';
import { checkPolicies } from '../policies/parsePolicies';
import { isNeverCopied, podFacts } from './PodFacts';
import { VolumeUse, wishForClaim, wishForPodVolume } from './wish';

function play(
  test: string,
  check: (input: JsonObject, output: JsonObject) => void,
): void {
  const found = readCases(test);
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

function rulesOf(input: JsonObject) {
  return {
    spec: {
      snapshotVolumes: input.snapshotVolumesFlag as boolean | undefined,
      defaultVolumesToFsBackup: input.defaultVolumesToFSBackup === true,
    } as BackupSpec,
    ...(input.resourcePolicies !== undefined && {
      policies: checkPolicies(input.resourcePolicies),
    }),
  };
}

function usesOf(pods: KubernetesObject[], claim: string): VolumeUse[] {
  return pods
    .map(podFacts)
    .flatMap(pod =>
      pod.volumes
        .filter(volume => volume.claim === claim)
        .map(volume => ({ pod, volume })),
    );
}

function find(
  objects: KubernetesObject[],
  kind: string,
  name: string | undefined,
): KubernetesObject | undefined {
  return objects.find(
    object => object.kind === kind && object.metadata.name === name,
  );
}

describeCases('recorded behaviour of Velero: which volumes are taken', () => {
  for (const test of [
    'internal_volumehelper.TestVolumeHelperImpl_ShouldPerformSnapshot',
    'internal_volumehelper.TestVolumeHelperImplWithCache_ShouldPerformSnapshot',
  ]) {
    play(test, (input, output) => {
      const object = input.inputObj as KubernetesObject;
      const others = (input.clusterObjects ?? []) as KubernetesObject[];
      const isVolume =
        (input.groupResource as JsonObject).resource === 'persistentvolumes';
      const spec = object.spec as JsonObject;
      const claimName = isVolume
        ? ((spec.claimRef as JsonObject | undefined)?.name as string)
        : (object.metadata.name as string);
      const volume = isVolume
        ? object
        : others.find(({ metadata }) => metadata.name === spec.volumeName);
      const wish = wishForClaim(
        rulesOf(input),
        {
          volume,
          claim: isVolume
            ? others.find(({ metadata }) => metadata.name === claimName)
            : object,
        },
        usesOf(input.pod ? [input.pod as KubernetesObject] : [], claimName),
      );
      // Velero fails where there is no volume; here that is decided after the wish.
      expect(wish.want === 'snapshot' && output.error === null).toBe(
        output.shouldSnapshot,
      );
    });
  }

  for (const test of [
    'internal_volumehelper.TestVolumeHelperImpl_ShouldPerformFSBackup',
    'internal_volumehelper.TestVolumeHelperImplWithCache_ShouldPerformFSBackup',
  ]) {
    play(test, (input, output) => {
      const pod = podFacts(input.pod as KubernetesObject);
      const name = (input.volume as JsonObject).name;
      const volume = pod.volumes.find(each => each.name === name)!;
      const objects = (input.resources ?? []) as KubernetesObject[];
      const claim = find(objects, 'PersistentVolumeClaim', volume.claim);
      const wish = wishForPodVolume(
        rulesOf(input),
        { pod, volume },
        {
          claim,
          volume: find(
            objects,
            'PersistentVolume',
            (claim?.spec as JsonObject | undefined)?.volumeName as string,
          ),
        },
      );
      expect(wish.want === 'fs-backup' && output.error === null).toBe(
        output.shouldFSBackup,
      );
    });
  }

  play(
    'internal_volumehelper.TestVolumeHelperImpl_ShouldIncludeVolumeInBackup',
    (input, output) => {
      const [volume] = podFacts({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {},
        spec: { volumes: [input.vol] },
      }).volumes;
      const isLeftOut = input.backupExcludePVC === true && volume.claim;
      expect(!isNeverCopied(volume) && !isLeftOut).toBe(output.shouldInclude);
    },
  );

  play('pkg_util_podvolume.TestGetVolumesByPod', (input, output) => {
    const pod = podFacts(input.pod as KubernetesObject);
    const rules = {
      spec: {
        defaultVolumesToFsBackup: input.defaultVolumesToFsBackup === true,
      },
    };
    const included = pod.volumes
      .filter(volume => !(input.backupExcludePVC && volume.claim))
      .filter(
        volume => wishForPodVolume(rules, { pod, volume }).want === 'fs-backup',
      )
      .map(({ name }) => name);
    expect(included.sort()).toEqual(output.included ?? []);
  });

  play('pkg_util_podvolume.TestGetVolumesToBackup', (input, output) => {
    const wanted = (output.volumes ?? []) as string[];
    const candidates = [...wanted, 'another'];
    const pod = podFacts({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { annotations: input.annotations as { [key: string]: string } },
      spec: { volumes: candidates.map(name => ({ name, emptyDir: {} })) },
    });
    expect(
      pod.volumes
        .filter(
          volume =>
            wishForPodVolume({ spec: {} }, { pod, volume }).want ===
            'fs-backup',
        )
        .map(({ name }) => name),
    ).toEqual(wanted);
  });

  play(
    'pkg_util_podvolume.TestIsPVCDefaultToFSBackupWithCache',
    (input, output) => {
      const pods = (input.pods as KubernetesObject[]).filter(
        ({ metadata }) => metadata.namespace === input.pvcNamespace,
      );
      const wish = wishForClaim(
        {
          spec: {
            defaultVolumesToFsBackup: input.defaultVolumesToFsBackup === true,
          },
        },
        {},
        usesOf(pods, input.pvcName as string),
      );
      expect(wish.want === 'fs-backup').toBe(output.result);
    },
  );

  play('pkg_util_podvolume.TestGetPodsUsingPVCWithCache', (input, output) => {
    const pods = (input.clusterPods as KubernetesObject[]).filter(
      ({ metadata }) => metadata.namespace === input.pvcNamespace,
    );
    expect(
      usesOf(pods, input.pvcName as string).map(
        ({ pod }) => `${pod.namespace}/${pod.name}`,
      ),
    ).toEqual(output.pods);
  });

  play('pkg_util_podvolume.TestGetPodVolumeNameForPVC', (input, output) => {
    expect(
      usesOf([input.pod as KubernetesObject], input.pvcName as string)[0]
        ?.volume.name,
    ).toBe(output.volumeName || undefined);
  });
});
