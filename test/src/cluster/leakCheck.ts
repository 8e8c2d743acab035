import {
  coreTypes,
  createClusterClient,
  isNotFound,
  snapshotTypes,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import { setTimeout as delay } from 'node:timers/promises';

/** What was there when a test began: `kind namespace/name` of objects, `snapshot handle` of the driver. */
export type ClusterBaseline = ReadonlySet<string>;

/** Something that nobody removed. */
export interface Leak {
  /** For example `PersistentVolumeClaim openshift-adp/du-…`. */
  key: string;
  /** The object; absent for a snapshot of the driver. */
  object?: KubernetesObject;
}

/** What a test leaves on purpose. */
export interface LeakOptions {
  /** Namespaces whose pods, claims, Secrets and ConfigMaps are the test's own; snapshots in them are still leaks. */
  namespaces?: string[];
  /** Further objects that may stay. */
  allowed?: (leak: Leak) => boolean;
  /** How long clean-up may take. */
  timeoutMs?: number;
}

const looked: [string, ResourceTypeRef][] = [
  ['Pod', coreTypes.pods],
  ['PersistentVolumeClaim', coreTypes.persistentVolumeClaims],
  ['PersistentVolume', coreTypes.persistentVolumes],
  ['VolumeSnapshot', snapshotTypes.volumeSnapshots],
  ['VolumeSnapshotContent', snapshotTypes.volumeSnapshotContents],
  ['Secret', coreTypes.secrets],
  ['ConfigMap', coreTypes.configMaps],
];

/** Kept for good by the engine, the cluster or its tests, wherever they are. */
const kept = new Set([
  'ConfigMap kube-root-ca.crt',
  'ConfigMap openshift-service-ca.crt',
  'ConfigMap dev-cluster-driver',
  'ConfigMap dev-cluster-faults',
  'ConfigMap lifeboat-key-export',
  'Secret lifeboat-signing-key',
  'Secret velero-repo-credentials',
]);

const snapshotKinds = ['VolumeSnapshot', 'VolumeSnapshotContent'];

function clientOf(cluster: ClusterClient | string): ClusterClient {
  return typeof cluster === 'string'
    ? createClusterClient({ name: 'leak-check', kubeconfig: cluster })
    : cluster;
}

async function everything(client: ClusterClient): Promise<Leak[]> {
  const found: Leak[] = [];
  for (const [kind, type] of looked) {
    try {
      for await (const object of client.list(type, {})) {
        const { namespace, name } = object.metadata;
        const key = `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
        found.push({ key, object: { ...object, kind } });
      }
    } catch (error) {
      // A cluster without the types of snapshots has none.
      if (!isNotFound(error)) throw error;
    }
  }
  const driver = await client.get<
    KubernetesObject & { data?: Record<string, string> }
  >(coreTypes.configMaps, {
    namespace: 'kube-system',
    name: 'dev-cluster-driver',
  });
  for (const handle of Object.keys(driver?.data ?? {})) {
    found.push({ key: `snapshot ${handle}` });
  }
  return found;
}

/** Whether an object belongs to a workload or to a claim that may be there. */
function isExpected(
  { object }: Leak,
  baseline: ClusterBaseline,
  namespaces: string[],
): boolean {
  if (!object) return false;
  const { kind, metadata } = object;
  if (kept.has(`${kind} ${metadata.name}`)) return true;
  if (snapshotKinds.includes(kind)) return false;
  if (kind === 'PersistentVolume') {
    const { claimRef } = (object.spec ?? {}) as {
      claimRef?: { namespace?: string; name?: string };
    };
    return (
      namespaces.includes(claimRef?.namespace ?? '') ||
      baseline.has(
        `PersistentVolumeClaim ${claimRef?.namespace}/${claimRef?.name}`,
      )
    );
  }
  if (namespaces.includes(metadata.namespace ?? '')) return true;
  return (
    kind === 'Pod' &&
    (metadata.ownerReferences ?? []).some(owner =>
      ['ReplicaSet', 'StatefulSet', 'DaemonSet'].includes(owner.kind),
    )
  );
}

/** Remembers what is there: call it before the backup or restore whose remains matter. */
export async function takeBaseline(
  cluster: ClusterClient | string,
): Promise<ClusterBaseline> {
  const found = await everything(clientOf(cluster));
  return new Set(found.map(({ key }) => key));
}

/**
 * The pods, claims, volumes, snapshots, contents, Secrets, ConfigMaps and snapshots of the embedded cluster's driver that
 * came since the baseline and should not be there any more. Clean-up gets some time (10 s by default) to be finished.
 *
 * @param cluster - a client, or the path of a kubeconfig
 */
export async function findLeaks(
  cluster: ClusterClient | string,
  baseline: ClusterBaseline,
  options: LeakOptions = {},
): Promise<string[]> {
  const client = clientOf(cluster);
  const { namespaces = [], allowed = () => false } = options;
  const end = Date.now() + (options.timeoutMs ?? 10_000);
  for (;;) {
    const leaks = (await everything(client)).filter(
      leak =>
        !baseline.has(leak.key) &&
        !isExpected(leak, baseline, namespaces) &&
        !allowed(leak),
    );
    if (leaks.length === 0 || Date.now() > end) {
      return leaks.map(({ key }) => key).sort();
    }
    await delay(200);
  }
}
