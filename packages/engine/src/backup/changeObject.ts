import { isConflict } from '../cluster/ApiError';
import { backoffMs } from '../cluster/backoff';
import type { Clock } from '../cluster/Clock';
import type { ClusterClient, ObjectRef } from '../cluster/ClusterClient';
import { equalJson } from '../cluster/json';
import type { ApiObject } from '../cluster/KubernetesObject';
import type { ResourceTypeRef } from '../cluster/ResourceType';
import { isOutcomeUnknown } from '../cluster/retryDecision';

const attempts = 10;
const unansweredAttempts = 4;

/** The object that was to be changed is another one now, or has gone. */
export class ObjectGoneError extends Error {
  constructor(ref: ObjectRef) {
    super(`${ref.namespace ?? ''}/${ref.name} has been deleted or replaced`);
    this.name = 'ObjectGoneError';
  }
}

/**
 * Changes an object by its resourceVersion: reads it, applies the change, writes it, and starts again when somebody else wrote
 * in between. When the answer to a write gets lost, the object tells whether it was carried out.
 *
 * @param change - given the object as it is now; returns what it should be, or undefined to leave it. May be called several times
 * @returns the object as it is after the change
 * @throws ObjectGoneError if it does not exist any more under the same UID; whatever `change` throws
 */
export async function changeObject<T extends ApiObject>(
  options: { client: ClusterClient; clock: Clock; signal: AbortSignal },
  type: ResourceTypeRef,
  object: T,
  change: (current: T) => T | undefined,
): Promise<T> {
  const { client, clock, signal } = options;
  const ref = {
    namespace: object.metadata.namespace,
    name: object.metadata.name ?? '',
  };
  let unanswered: T | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const current = await client.get<T>(type, ref, { signal });
    if (!current || current.metadata.uid !== object.metadata.uid) {
      throw new ObjectGoneError(ref);
    }
    if (unanswered && equalJson(ownPart(current), ownPart(unanswered))) {
      return current;
    }
    const changed = change(current);
    if (!changed) {
      return current;
    }
    try {
      return await client.replace<T>(type, changed, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === attempts) {
        throw error;
      }
      if (isConflict(error)) {
        await clock.sleep(20 * attempt, signal);
      } else if (isOutcomeUnknown(error) && attempt <= unansweredAttempts) {
        unanswered = changed;
        await clock.sleep(
          backoffMs(attempt, { firstMs: 200, maxMs: 2_000 }),
          signal,
        );
      } else {
        throw error;
      }
    }
  }
}

/** What we write of an object; the rest is the API server's. */
function ownPart(object: ApiObject): unknown {
  const { metadata, ...rest } = object;
  const { labels, annotations, finalizers } = metadata;
  return { ...rest, metadata: { labels, annotations, finalizers } };
}
