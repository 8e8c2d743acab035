/** A Kubernetes object as it is applied. Integers beyond 2^53 are bigints. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    uid?: string;
    ownerReferences?: { kind: string; name: string; uid: string }[];
  };
  [field: string]: unknown;
}
