import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject } from '../cluster/KubernetesObject';
import { coreTypes } from '../cluster/knownTypes';

interface Pod extends ApiObject {
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * The names of ready pods of a Velero in the control namespace. Two engines on
 * the same resources would fight, so ours pauses while there are any.
 */
export async function runningVeleroPods(
  client: ClusterClient,
  namespace: string,
  signal: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  for await (const pod of client.list<Pod>(coreTypes.pods, {
    namespace,
    labelSelector: 'component=velero',
    signal,
  })) {
    const ready = pod.status?.conditions?.some(
      condition => condition.type === 'Ready' && condition.status === 'True',
    );
    if (ready && !pod.metadata.deletionTimestamp) {
      names.push(pod.metadata.name ?? '');
    }
  }
  return names;
}
