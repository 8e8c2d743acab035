import type { ObjectRef } from './ClusterClient';
import type { ApiObject, KubernetesObject } from './KubernetesObject';

/**
 * A watched copy of our own resources in the control namespace. It may lag
 * behind the API server by moments: decisions that write read the object
 * afresh.
 * @public
 */
export interface ReadonlyCache<T extends ApiObject = KubernetesObject> {
  get(ref: ObjectRef): T | undefined;
  list(filter?: (object: T) => boolean): T[];
  /** Resolves after the first complete list. */
  synced(signal?: AbortSignal): Promise<void>;
}
