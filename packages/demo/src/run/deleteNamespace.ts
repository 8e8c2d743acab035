import { ClusterApi } from '../cluster/ClusterApi';
import { waitUntil } from '../cluster/waitUntil';

const GONE_TIMEOUT_MS = 120_000;

/** Deletes a namespace with all that is in it, and waits until it is gone. */
export async function deleteNamespace(
  cluster: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await cluster.request('DELETE', `/api/v1/namespaces/${namespace}`);
  await waitUntil(
    `namespace ${namespace} to be gone`,
    async () =>
      (await cluster.find('v1', 'namespaces', undefined, namespace))
        ? undefined
        : true,
    { timeoutMs: GONE_TIMEOUT_MS, signal },
  );
}
