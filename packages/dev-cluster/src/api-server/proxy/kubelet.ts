import { ApiContext } from '../ApiContext';
import { Tokens } from '../auth/Tokens';
import { KubeObject } from '../KubeObject';
import { StatusError } from '../StatusError';
import { listAt, objectAt, stringAt } from '../json';
import { objects } from '../strategies/podDefaults';
import { Target } from './targets';

/**
 * The kubelet of a pod's node, as the Node's status says; undefined for a pod that is on no node. The token lets a kubelet
 * check by a TokenReview that it is the API server who asks.
 */
export function kubeletTarget(
  context: ApiContext,
  tokens: Tokens,
  pod: KubeObject,
): Target | undefined {
  const name = stringAt(pod, 'spec', 'nodeName');
  if (!name) return undefined;
  const node = context.storage.get('nodes', undefined, name);
  const address = objects(listAt(node, 'status', 'addresses')).find(
    a => a.type === 'InternalIP',
  );
  const port = objectAt(
    node,
    'status',
    'daemonEndpoints',
    'kubeletEndpoint',
  ).Port;
  if (!address || typeof port !== 'number') {
    throw new StatusError(
      500,
      'InternalError',
      `no kubelet address found for node ${JSON.stringify(name)}`,
    );
  }
  return {
    host: String(address.address),
    port,
    headers: { authorization: `Bearer ${tokens.kubelet}` },
  };
}
