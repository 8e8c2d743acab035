import { stringAt } from '../backup/jsonPath';
import type { KubernetesObject } from '../cluster/KubernetesObject';

/**
 * Why an object needs no restore because its work is done or another makes it: finished Jobs and pods, pods of a node's own
 * manifest.
 *
 * Source: Velero `isCompleted` and mirror pods.
 */
export function whyCompleted(
  object: KubernetesObject,
  groupResource: string,
): string | undefined {
  if (groupResource === 'jobs.batch') {
    return stringAt(object, 'status', 'completionTime')
      ? 'the Job has finished'
      : undefined;
  }
  if (groupResource !== 'pods') {
    return undefined;
  }
  const phase = stringAt(object, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') {
    return 'the pod has ended';
  }
  return object.metadata.annotations?.['kubernetes.io/config.mirror']
    ? 'the node makes this pod from its own manifest'
    : undefined;
}
