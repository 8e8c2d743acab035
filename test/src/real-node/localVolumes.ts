import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';

const storageClasses: ResourceTypeRef = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  namespaced: false,
};

/**
 * Makes a storage class and volumes that are folders of the one node: for nodes without a CSI driver.
 *
 * @param folder - on the node, which is this machine
 * @returns what removes them again
 */
export async function makeLocalVolumes(
  client: ClusterClient,
  options: { name: string; folder: string; count: number },
): Promise<() => Promise<void>> {
  const { name, folder, count } = options;
  let node: string | undefined;
  for await (const each of client.list(coreTypes.nodes)) {
    node = each.metadata.name;
  }
  if (!node) throw new Error('the cluster has no node');
  await client.create<KubernetesObject>(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const names = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const volume of names) {
    const place = path.join(folder, volume);
    mkdirSync(place, { recursive: true });
    chmodSync(place, 0o777);
    await client.create<KubernetesObject>(coreTypes.persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volume },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: name,
        local: { path: place },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  {
                    key: 'kubernetes.io/hostname',
                    operator: 'In',
                    values: [node],
                  },
                ],
              },
            ],
          },
        },
      },
    });
  }
  return async () => {
    for (const volume of names) {
      await client.delete(coreTypes.persistentVolumes, { name: volume });
    }
    await client.delete(storageClasses, { name });
  };
}
