import { keyOf } from '../api/Informer';
import { isConflict, isNotFound } from '../api/KubeClient';
import { Resource, resourcePath, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { Claim, SELECTED_NODE, StorageClass } from './volumes';
import { condition, Condition, Pod } from './Workload';

const RETRY_MS = 2_000;

type Node = Resource<{ unschedulable?: boolean }, { conditions?: Condition[] }>;

/** Assigns pods to the node once their claims are bound. */
export function scheduler(
  context: ControllerContext,
  nodeName: string,
): Controller {
  const { client, informers } = context;
  const pods = informers.of<Pod>(types.pods);
  const nodes = informers.of<Node>(types.nodes);
  const claims = informers.of<Claim>(types.persistentVolumeClaims);
  const classes = informers.of<StorageClass>(types.storageClasses);

  /** Why the pod cannot go to the node yet; undefined when it can. */
  async function obstacle(pod: Pod, node: Node): Promise<string | undefined> {
    const selector = pod.spec?.nodeSelector ?? {};
    const labels = node.metadata.labels ?? {};
    if (
      Object.entries(selector).some(([key, value]) => labels[key] !== value)
    ) {
      return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    }
    const ready = node.status?.conditions?.find(each => each.type === 'Ready');
    if (ready && ready.status !== 'True') {
      return '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.';
    }
    if (node.spec?.unschedulable) {
      return '0/1 nodes are available: 1 node(s) were unschedulable.';
    }
    for (const volume of pod.spec?.volumes ?? []) {
      const name =
        volume.persistentVolumeClaim?.claimName ??
        (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
      if (name) {
        const claim = claims.get(`${pod.metadata.namespace}/${name}`);
        if (!claim) return `persistentvolumeclaim "${name}" not found`;
        if (claim.metadata.deletionTimestamp) {
          return `persistentvolumeclaim "${name}" is being deleted`;
        }
        if (claim.status?.phase !== 'Bound') {
          const storageClass = classes.get(claim.spec?.storageClassName ?? '');
          if (
            storageClass?.volumeBindingMode === 'WaitForFirstConsumer' &&
            !claim.metadata.annotations?.[SELECTED_NODE]
          ) {
            await client.patch(
              types.persistentVolumeClaims,
              claim.metadata.namespace,
              name,
              { metadata: { annotations: { [SELECTED_NODE]: nodeName } } },
            );
          }
          return 'pod has unbound immediate PersistentVolumeClaims';
        }
      }
    }
    return undefined;
  }

  const queue = queueFor(context, 'scheduler', async key => {
    const pod = pods.get(key);
    if (
      !pod?.spec ||
      pod.spec.nodeName ||
      pod.metadata.deletionTimestamp ||
      (pod.spec.schedulerName ?? 'default-scheduler') !== 'default-scheduler' ||
      pod.spec.schedulingGates?.length
    ) {
      return undefined;
    }
    const node = nodes.get(nodeName);
    if (!node) return { requeueAfterMs: RETRY_MS };
    const { namespace, name, uid } = pod.metadata;
    const reason = await obstacle(pod, node);
    try {
      if (reason) {
        const now = context
          .now()
          .toISOString()
          .replace(/\.\d+Z$/, 'Z');
        const before = pod.status?.conditions ?? [];
        const known = before.find(each => each.type === 'PodScheduled');
        if (known?.message !== reason) {
          pods.observe(
            await client.patch<Pod>(
              types.pods,
              namespace,
              name,
              {
                metadata: { uid },
                status: {
                  conditions: [
                    ...before.filter(each => each.type !== 'PodScheduled'),
                    condition(
                      before,
                      {
                        type: 'PodScheduled',
                        status: 'False',
                        reason: 'Unschedulable',
                        message: reason,
                      },
                      now,
                    ),
                  ],
                },
              },
              { subresource: 'status' },
            ),
          );
        }
        return { requeueAfterMs: RETRY_MS };
      }
      await client.request(
        'POST',
        resourcePath(types.pods, namespace, name, 'binding'),
        {
          body: {
            apiVersion: 'v1',
            kind: 'Binding',
            metadata: { name, namespace, uid },
            target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
          },
        },
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    return undefined;
  });

  pods.onChange(pod => {
    if (!pod.spec?.nodeName) queue.add(keyOf(pod));
  });
  claims.onChange(claim => {
    for (const pod of pods.list(claim.metadata.namespace)) {
      if (!pod.spec?.nodeName) queue.add(keyOf(pod));
    }
  });
  return queue;
}
