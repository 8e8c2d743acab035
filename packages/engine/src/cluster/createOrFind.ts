import type { ClusterClient } from './ClusterClient';
import { createOnce } from './createOnce';
import type { ApiObject, KubernetesObject } from './KubernetesObject';
import type { ResourceTypeRef } from './ResourceType';

/**
 * Creates an object that an earlier process may have created before it ended. What the server says then need not be that it exists: a
 * quota, for instance, refuses it first.
 *
 * @param options - `isOurs`: whether an object found under the name is the one meant
 * @throws whatever {@link createOnce} throws when there is no such object
 */
export async function createOrFind<T extends ApiObject = KubernetesObject>(
  client: ClusterClient,
  type: ResourceTypeRef,
  object: T,
  options: Parameters<typeof createOnce<T>>[3],
): Promise<T> {
  try {
    return await createOnce<T>(client, type, object, options);
  } catch (error) {
    const { isOurs, signal } = options;
    signal.throwIfAborted();
    const { namespace, name = '' } = object.metadata;
    const found = await client
      .get<T>(type, { namespace, name }, { signal })
      .catch(() => undefined);
    if (found && isOurs(found)) return found;
    throw error;
  }
}
