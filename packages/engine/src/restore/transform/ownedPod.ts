import { priorityClassOf } from './pod';
import type { RestoreItemAction } from './RestoreItemAction';

const controllers: { [kind: string]: { group: string; resource: string } } = {
  ReplicaSet: { group: 'apps', resource: 'replicasets' },
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', resource: 'daemonsets' },
  Job: { group: 'batch', resource: 'jobs' },
  ReplicationController: { group: '', resource: 'replicationcontrollers' },
};

/**
 * Leaves pods to the workload that owns them when it is restored too: it makes them from its template. A pod created beside
 * its controller would race with the controller's own. A pod through which files are restored, or in which commands
 * are to be run, is made all the same, and its controller adopts it. Build pods are never restored.
 *
 * Source: openshift-velero-plugin pod (pods with owners and no volumes to back up are skipped).
 */
export const ownedPod: RestoreItemAction = {
  name: 'lifeboat.dev/owned-pod',
  appliesTo: { includedResources: ['pods'] },
  execute(item, context) {
    if (item.metadata.annotations?.['openshift.io/build.name']) {
      return { item, skip: 'build pods are not restored' };
    }
    const owner = (context.original.metadata.ownerReferences ?? []).find(
      reference => reference.controller,
    );
    const type = owner && controllers[owner.kind];
    if (
      type &&
      context.podVolumes().length === 0 &&
      !context.hasHooks &&
      context.isRestored({
        ...type,
        namespace: context.namespace,
        name: owner.name,
      })
    ) {
      return {
        item,
        // The workload's own pods need it just as much.
        additionalItems: priorityClassOf(item),
        skip: `${owner.kind} ${owner.name}, which is restored too, makes its pods itself`,
      };
    }
    return { item };
  },
};
