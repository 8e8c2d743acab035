import { isNotFound } from '../api/KubeClient';
import { types } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';
import { condition, isActive, Pod } from '../controllers/Workload';

type Client = Pick<ControllerContext, 'client' | 'now'>;

/** What the control plane says of the pods of a node that does not answer: they are not ready. */
export async function markUnready(
  { client, now }: Client,
  pods: Pod[],
): Promise<void> {
  const time = now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  for (const pod of pods.filter(isActive)) {
    const { namespace, name, uid } = pod.metadata;
    const before = pod.status?.conditions ?? [];
    const unready = condition(before, { type: 'Ready', status: 'False' }, time);
    const conditions = [
      ...before.filter(each => each.type !== 'Ready'),
      unready,
    ];
    await client
      .patch(
        types.pods,
        namespace,
        name,
        { metadata: { uid }, status: { conditions } },
        { subresource: 'status' },
      )
      .catch(ignoreNotFound);
  }
}

/** What the control plane does to them after a while: they are deleted, but stay until their node agrees. */
export async function deletePods(
  { client }: Client,
  pods: Pod[],
): Promise<void> {
  for (const { metadata } of pods) {
    const { namespace, name, uid, deletionTimestamp } = metadata;
    if (!deletionTimestamp) {
      await client.delete(types.pods, namespace, name, {
        preconditions: { uid },
      });
    }
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
