import { keyOf } from '../api/Informer';
import { isConflict, isNotFound } from '../api/KubeClient';
import { Resource, ResourceType, types } from '../api/Resource';
import { formatBytes, parseQuantity } from '../quantity';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { Claim } from './volumes';

const quotas: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};

type Quota = Resource<
  { hard?: Record<string, string> },
  { hard?: Record<string, string>; used?: Record<string, string> }
>;

/**
 * Says in the status of ResourceQuotas what pods, claims, Secrets and ConfigMaps use. A kube-apiserver admits nothing in a
 * namespace with a quota whose status is empty.
 */
export function resourceQuotas(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of<Quota>(quotas);
  const claims = informers.of<Claim>(types.persistentVolumeClaims);
  const countable = {
    pods: informers.of<Resource<unknown, { phase?: string }>>(types.pods),
    persistentvolumeclaims: claims,
    secrets: informers.of(types.secrets),
    configmaps: informers.of(types.configMaps),
    services: informers.of(types.services),
  };

  function usedOf(resource: string, namespace: string): string {
    const ofClass = /^(.+)\.storageclass\.storage\.k8s\.io\/(.+)$/.exec(
      resource,
    );
    const [, storageClass, what = resource] = ofClass ?? [];
    const found = claims
      .list(namespace)
      .filter(
        each => !storageClass || each.spec?.storageClassName === storageClass,
      );
    if (what === 'requests.storage') {
      return formatBytes(
        found.reduce(
          (sum, { spec }) =>
            sum + parseQuantity(spec?.resources?.requests?.storage ?? '0'),
          0,
        ),
      );
    }
    if (ofClass) return String(found.length);
    const name = what.replace(/^count\//, '') as keyof typeof countable;
    const objects = countable[name]?.list(namespace) ?? [];
    if (what !== 'pods') return String(objects.length);
    const active = objects.filter(
      each =>
        !['Succeeded', 'Failed'].includes(
          (each.status as { phase?: string } | undefined)?.phase ?? '',
        ),
    );
    return String(active.length);
  }

  const queue = queueFor(context, 'resource quotas', async key => {
    const quota = all.get(key);
    if (!quota || quota.metadata.deletionTimestamp) return;
    const { namespace = '', name, uid, resourceVersion } = quota.metadata;
    const hard = quota.spec?.hard ?? {};
    const used = Object.fromEntries(
      Object.keys(hard).map(each => [each, usedOf(each, namespace)]),
    );
    const same =
      JSON.stringify(sorted(quota.status?.hard)) ===
        JSON.stringify(sorted(hard)) &&
      JSON.stringify(sorted(quota.status?.used)) ===
        JSON.stringify(sorted(used));
    if (same) return;
    try {
      all.observe(
        await client.patch<Quota>(
          quotas,
          namespace,
          name,
          { metadata: { uid, resourceVersion }, status: { hard, used } },
          { subresource: 'status' },
        ),
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  });

  const recount = (namespace: string | undefined) => {
    for (const quota of all.list(namespace)) queue.add(keyOf(quota));
  };
  all.onChange(quota => queue.add(keyOf(quota)));
  for (const informer of Object.values(countable)) {
    informer.onChange((object: Resource) => recount(object.metadata.namespace));
  }
  return queue;
}

function sorted(values: Record<string, string> = {}): [string, string][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
