import type { BackupScope } from '@lifeboat/velero-api';
import type { Target as TargetView } from '@lifeboat/backstage-plugin-backup-common';
import type { Cluster } from '../clusters/Cluster';

/** Where an entity runs, resolved on the server and agreed to by the platform. */
export interface Target {
  cluster: Cluster;
  namespace: string;
  /** UID of the Namespace; undefined while it does not exist. */
  namespaceUid?: string;
  /** Effective label selector as text; undefined means the whole namespace. */
  selector?: string;
  consent: BackupScope['consent'];
  /** What the consent itself limits the entity to; undefined without a limit. */
  consentSelector?: string;
}

/** The target as users see it. */
export function targetView(target: Target): TargetView {
  return {
    cluster: target.cluster.name,
    namespace: target.namespace,
    ...(target.selector && { selector: target.selector }),
    controlNamespace: target.cluster.control.namespace,
  };
}
