import {
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
  coreTypes,
} from '@lifeboat/engine';

const type = (
  group: string,
  version: string,
  resource: string,
): ResourceTypeRef => ({ group, version, resource, namespaced: true });

const countedTypes: ResourceTypeRef[] = [
  coreTypes.configMaps,
  coreTypes.secrets,
  coreTypes.services,
  coreTypes.serviceAccounts,
  type('apps', 'v1', 'deployments'),
  type('apps', 'v1', 'statefulsets'),
  type('apps', 'v1', 'daemonsets'),
  type('batch', 'v1', 'cronjobs'),
  type('batch', 'v1', 'jobs'),
  type('autoscaling', 'v2', 'horizontalpodautoscalers'),
  type('policy', 'v1', 'poddisruptionbudgets'),
  type('networking.k8s.io', 'v1', 'ingresses'),
  type('networking.k8s.io', 'v1', 'networkpolicies'),
  type('rbac.authorization.k8s.io', 'v1', 'roles'),
  type('rbac.authorization.k8s.io', 'v1', 'rolebindings'),
];

/** What of a component is in the cluster now. */
export interface ComponentCounts {
  /** Objects of the common types that the selector chooses; a backup also takes what belongs to them. */
  objects: number;
  /** Claims that the selector chooses or that its pods mount. */
  volumes: number;
}

/** Counts a component's objects and volumes. */
export async function componentCounts(
  client: ClusterClient,
  namespace: string,
  selector: string | undefined,
  signal: AbortSignal,
): Promise<ComponentCounts> {
  const list = (resource: ResourceTypeRef) =>
    client.list(resource, { namespace, labelSelector: selector, signal });
  let objects = 0;
  for (const counted of countedTypes) {
    for await (const _ of list(counted)) {
      objects += 1;
    }
  }
  const claims = new Set<string>();
  for await (const claim of list(coreTypes.persistentVolumeClaims)) {
    claims.add(claim.metadata.name ?? '');
  }
  for await (const pod of list(coreTypes.pods)) {
    objects += 1;
    for (const name of mountedClaims(pod)) {
      claims.add(name);
    }
  }
  return { objects: objects + claims.size, volumes: claims.size };
}

function mountedClaims(pod: KubernetesObject): string[] {
  const { volumes } = (pod.spec ?? {}) as {
    volumes?: { persistentVolumeClaim?: { claimName?: string } }[];
  };
  return (volumes ?? []).flatMap(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
  );
}
