import type { ClusterClient, ResourceTypeRef } from '@lifeboat/engine';
import { coreTypes } from '@lifeboat/engine';

const apps = (resource: string): ResourceTypeRef => ({
  group: 'apps',
  version: 'v1',
  resource,
  namespaced: true,
});

/** Types that show that a component lives in a namespace. */
const tellingTypes: ResourceTypeRef[] = [
  apps('deployments'),
  apps('statefulsets'),
  apps('daemonsets'),
  { group: 'batch', version: 'v1', resource: 'cronjobs', namespaced: true },
  coreTypes.services,
  coreTypes.configMaps,
  coreTypes.persistentVolumeClaims,
];

/** Whether a namespace holds workloads, services, settings or claims that a selector chooses. */
export async function holdsObjects(
  client: ClusterClient,
  namespace: string,
  selector: string | undefined,
): Promise<boolean> {
  for (const type of tellingTypes) {
    const objects = client.list(type, {
      namespace,
      labelSelector: selector,
      pageSize: 1,
    });
    for await (const _ of objects) {
      return true;
    }
  }
  return false;
}
