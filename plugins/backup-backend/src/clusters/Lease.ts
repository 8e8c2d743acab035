import type { ObjectMeta } from '@lifeboat/velero-api';

/** What we read of a `coordination.k8s.io/v1` Lease. */
export interface Lease {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: {
    holderIdentity?: string;
    renewTime?: string;
    leaseDurationSeconds?: number;
  };
}
