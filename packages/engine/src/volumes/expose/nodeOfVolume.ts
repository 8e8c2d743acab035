import { isForbidden } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { Volume } from './storageObjects';

/**
 * The selector of the nodes that can reach a volume; undefined when labels alone do not say it, or all can.
 *
 * @param volume - a PersistentVolume with its node affinity
 */
export function nodeSelectorOf(volume: Volume | undefined): string | undefined {
  const terms = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const [{ matchExpressions = [], matchFields = [] } = {}] = terms;
  const isPlain =
    terms.length === 1 &&
    matchFields.length === 0 &&
    matchExpressions.length > 0 &&
    matchExpressions.every(
      ({ operator, values = [] }) => operator === 'In' && values.length === 1,
    );
  return isPlain
    ? matchExpressions
        .map(({ key, values = [] }) => `${key}=${values[0]}`)
        .join(',')
    : undefined;
}

/**
 * The one node from which a volume can be reached: what is made of its snapshot will be reached from there as well.
 *
 * @returns undefined when there are several, when it takes no pods, or when nodes may not be read
 */
export async function nodeOfVolume(
  volume: Volume | undefined,
  { client, signal }: { client: ClusterClient; signal: AbortSignal },
): Promise<string | undefined> {
  const labelSelector = nodeSelectorOf(volume);
  if (!labelSelector) return undefined;
  const nodes: KubernetesObject[] = [];
  try {
    for await (const node of client.list<KubernetesObject>(coreTypes.nodes, {
      labelSelector,
      signal,
    })) {
      nodes.push(node);
      if (nodes.length > 1) return undefined;
    }
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
  const [node] = nodes;
  const isClosed = (node?.spec as { unschedulable?: boolean })?.unschedulable;
  return isClosed ? undefined : node?.metadata.name;
}
