import { V1PodSpec } from '@kubernetes/client-node';
import { keyOf } from '../api/Informer';
import { Resource, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';

/** Removes terminating pods whose node does not exist: no kubelet will ever do it. */
export function podGarbageCollection(context: ControllerContext): Controller {
  const { client, informers } = context;
  const pods = informers.of<Resource<V1PodSpec>>(types.pods);
  const nodes = informers.of(types.nodes);
  const queue = queueFor(context, 'pod garbage collection', async key => {
    const pod = pods.get(key);
    if (!pod?.metadata.deletionTimestamp) return;
    if (pod.spec?.nodeName && nodes.get(pod.spec.nodeName)) return;
    await client.delete(types.pods, pod.metadata.namespace, pod.metadata.name, {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata.uid },
    });
  });
  pods.onChange((pod, change) => {
    if (change === 'set' && pod.metadata.deletionTimestamp) {
      queue.add(keyOf(pod));
    }
  });
  return queue;
}
