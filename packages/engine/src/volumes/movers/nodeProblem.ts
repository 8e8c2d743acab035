import { isForbidden } from '../../cluster/ApiError';
import type { ApiObject } from '../../cluster/KubernetesObject';
import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';

/** A node that is restarted comes back sooner; Kubernetes itself gives up its pods after 5 minutes. */
const silentForMs = 60_000;

/** What is read of a Node. */
interface Node extends ApiObject {
  status?: {
    conditions?: {
      type: string;
      status: string;
      lastTransitionTime?: string;
    }[];
  };
}

/**
 * Why nothing more is to be expected from a node: it was removed, or has been silent for a minute.
 *
 * @returns undefined for a node that works, and when nodes may not be read
 */
export async function nodeProblem(
  name: string | undefined,
  { client, clock, signal }: ControllerContext,
): Promise<string | undefined> {
  if (!name) return undefined;
  let node: Node | undefined;
  try {
    node = await client.get<Node>(coreTypes.nodes, { name }, { signal });
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
  if (!node)
    return `node ${name}, on which the mover ran, does not exist any more`;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const since = Date.parse(ready?.lastTransitionTime ?? '');
  const isSilent =
    ready !== undefined &&
    ready.status !== 'True' &&
    clock.now() - since > silentForMs;
  return isSilent
    ? `node ${name}, on which the mover ran, has not been ready for more than ${
        silentForMs / 1000
      } s`
    : undefined;
}
