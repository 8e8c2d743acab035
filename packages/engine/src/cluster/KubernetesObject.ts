import type { ObjectMeta } from '@lifeboat/velero-api';

/**
 * What every Kubernetes API object has: the bound for typed reads and writes.
 * @public
 */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/**
 * Any Kubernetes object, as the API server sent it: unknown fields are kept.
 * @public
 */
export interface KubernetesObject extends ApiObject {
  [field: string]: unknown;
}
