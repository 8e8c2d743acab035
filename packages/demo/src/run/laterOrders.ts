import { ClusterApi } from '../cluster/ClusterApi';
import { waitUntil } from '../cluster/waitUntil';

const later = [
  { customer: 'Edsger Dijkstra', item: 'Shortest path, framed', cents: 5900 },
  { customer: 'Margaret Hamilton', item: 'Priority display', cents: 1202 },
];

/**
 * Places orders in the running application, so that its database holds more than its init script makes: a copy of the
 * objects alone visibly lacks them.
 */
export async function placeLaterOrders(
  cluster: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  for (const order of later) {
    await waitUntil(
      'the application to take an order',
      async () => {
        try {
          await cluster.request(
            'POST',
            `/api/v1/namespaces/${namespace}/services/web:http/proxy/orders`,
            order,
          );
          return true;
        } catch {
          return undefined;
        }
      },
      { timeoutMs: 15_000, everyMs: 500, signal },
    );
  }
}
