import type { ClusterClient } from './ClusterClient';
import { HttpClusterClient } from './createClusterClient';
import type { Fence } from './Fence';

/**
 * A client that asks the fence immediately before each write leaves the
 * process, after any waiting in queues and between retries. Reads pass.
 * @public
 */
export function withFence(client: ClusterClient, fence: Fence): ClusterClient {
  if (client instanceof HttpClusterClient) {
    return client.guarded(() => fence.check());
  }
  return {
    discover: signal => client.discover(signal),
    get: (type, ref, options) => client.get(type, ref, options),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    create: async (type, object, options) => {
      fence.check();
      return client.create(type, object, options);
    },
    replace: async (type, object, options) => {
      fence.check();
      return client.replace(type, object, options);
    },
    patch: async (type, ref, patch, options) => {
      fence.check();
      return client.patch(type, ref, patch, options);
    },
    delete: async (type, ref, options) => {
      fence.check();
      return client.delete(type, ref, options);
    },
  };
}
