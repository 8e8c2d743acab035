import { isAlreadyExists } from './ApiError';
import { backoffMs } from './backoff';
import type { Clock } from './Clock';
import type { ClusterClient } from './ClusterClient';
import type { ApiObject, KubernetesObject } from './KubernetesObject';
import type { ResourceTypeRef } from './ResourceType';
import { isOutcomeUnknown } from './retryDecision';

const attempts = 4;

/**
 * Creates an object of a given name. When the answer gets lost, the server is
 * asked what it did: an object that was created is neither called a failure nor
 * taken for somebody else's.
 *
 * @param options - `isOurs`: whether an object found under the name is the one sent
 * @throws ApiError with AlreadyExists when another object has the name; whatever else the last attempt ended with
 */
export async function createOnce<T extends ApiObject = KubernetesObject>(
  client: ClusterClient,
  type: ResourceTypeRef,
  object: T,
  options: {
    clock: Clock;
    signal: AbortSignal;
    isOurs(live: T): boolean;
  },
): Promise<T> {
  const { clock, signal, isOurs } = options;
  const { namespace, name = '' } = object.metadata;
  const ours = async () => {
    const live = await client.get<T>(type, { namespace, name }, { signal });
    return live && isOurs(live) ? live : undefined;
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.create<T>(type, object, { signal });
    } catch (error) {
      signal.throwIfAborted();
      const mayBeThere =
        isOutcomeUnknown(error) || (attempt > 1 && isAlreadyExists(error));
      if (!mayBeThere) throw error;
      const found = await ours().catch(() => undefined);
      if (found) return found;
      if (attempt === attempts || isAlreadyExists(error)) throw error;
      await clock.sleep(
        backoffMs(attempt, { firstMs: 200, maxMs: 2_000 }),
        signal,
      );
    }
  }
}
