import {
  coreTypes,
  snapshotTypes,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import { setTimeout as delay } from 'node:timers/promises';
import type { RealClusterStage } from './RealClusterStage';

interface Live extends KubernetesObject {
  spec?: {
    claimRef?: { namespace?: string };
    volumeSnapshotRef?: { namespace?: string };
  };
  status?: { phase?: string };
}

const temporary: [string, ResourceTypeRef][] = [
  ['Pod', coreTypes.pods],
  ['PersistentVolumeClaim', coreTypes.persistentVolumeClaims],
  ['ConfigMap', coreTypes.configMaps],
  ['VolumeSnapshot', snapshotTypes.volumeSnapshots],
];

/** ConfigMaps that stay in the control namespace for good. */
const lasting = new Set([
  'kube-root-ca.crt',
  'openshift-service-ca.crt',
  'lifeboat-key-export',
]);

/** Names what is in the control namespace, and what of the cluster belongs to it or to the namespaces of the stories. */
async function look(stage: RealClusterStage): Promise<string[]> {
  const found: string[] = [];
  for (const [kind, type] of temporary) {
    for (const { metadata } of await stage.all(type, stage.control)) {
      const isOfJob = metadata.ownerReferences?.some(
        owner => owner.kind === 'Job' || owner.kind === 'ReplicaSet',
      );
      if (!isOfJob && !lasting.has(metadata.name ?? '')) {
        found.push(`${kind} ${stage.control}/${metadata.name}`);
      }
    }
  }
  for (const namespace of stage.namespaces) {
    if (await stage.client.get(coreTypes.namespaces, { name: namespace })) {
      const snapshots = await stage.all(
        snapshotTypes.volumeSnapshots,
        namespace,
      );
      found.push(
        ...snapshots.map(
          ({ metadata }) => `VolumeSnapshot ${namespace}/${metadata.name}`,
        ),
      );
    }
  }
  const ours = (namespace?: string) =>
    namespace === stage.control || stage.namespaces.includes(namespace ?? '');
  for (const { metadata, spec } of await stage.all<Live>(
    snapshotTypes.volumeSnapshotContents,
  )) {
    if (ours(spec?.volumeSnapshotRef?.namespace)) {
      found.push(`VolumeSnapshotContent ${metadata.name}`);
    }
  }
  for (const { metadata, spec, status } of await stage.all<Live>(
    coreTypes.persistentVolumes,
  )) {
    const isForUndo = metadata.annotations?.['lifeboat.dev/undo-until'];
    if (ours(spec?.claimRef?.namespace) && status?.phase !== 'Bound') {
      if (!isForUndo) found.push(`PersistentVolume ${metadata.name}`);
    }
  }
  return found;
}

/** What a run has left behind, once clean-up had its time. */
export async function leftovers(
  stage: RealClusterStage,
  before: ReadonlySet<string>,
): Promise<string[]> {
  let left: string[] = [];
  for (let tries = 0; tries < 60; tries += 1) {
    left = (await look(stage)).filter(each => !before.has(each));
    if (left.length === 0) break;
    await delay(500);
  }
  return left;
}

/** What is there before the stories begin. */
export async function presentBefore(
  stage: RealClusterStage,
): Promise<Set<string>> {
  return new Set(await look(stage));
}
