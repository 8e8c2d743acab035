import {
  type ClusterClient,
  coreTypes,
  type KubernetesObject,
} from '@lifeboat/engine';

const ref = { namespace: 'kube-system', name: 'dev-cluster-faults' };

/** Switches faults of the node and its storage driver on; null switches one off. */
export async function setFaults(
  client: ClusterClient,
  data: { [fault: string]: string | null },
): Promise<void> {
  if (await client.get(coreTypes.configMaps, ref)) {
    await client.patch(coreTypes.configMaps, ref, {
      contentType: 'merge',
      body: { data },
    });
    return;
  }
  await client.create<KubernetesObject>(coreTypes.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ref,
    data: Object.fromEntries(
      Object.entries(data).filter(([, value]) => value !== null),
    ),
  });
}
