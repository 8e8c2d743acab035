import {
  coreTypes,
  isAlreadyExists,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';

/** Makes a namespace unless it is there. */
export async function ensureNamespace(
  client: ClusterClient,
  name: string,
): Promise<void> {
  try {
    await client.create<KubernetesObject>(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
