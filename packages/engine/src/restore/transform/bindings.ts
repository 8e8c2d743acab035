import { objectsAt, stringAt } from '../../backup/jsonPath';
import { engineClusterRole } from '../../consent/accessCommand';
import type { RestoreItemAction } from './RestoreItemAction';

const systemBindings = [
  'system:image-pullers',
  'system:image-builders',
  'system:deployers',
];

function mapSubjects(
  item: Parameters<RestoreItemAction['execute']>[0],
  mapping: { [namespace: string]: string },
): void {
  for (const subject of objectsAt(item, 'subjects')) {
    const target = mapping[String(subject.namespace ?? '')];
    if (target) {
      subject.namespace = target;
    }
    // Groups of a namespace's ServiceAccounts carry the namespace in their name.
    const group = /^system:serviceaccounts:(.+)$/.exec(
      String(subject.name ?? ''),
    )?.[1];
    if (subject.kind === 'Group' && group && mapping[group]) {
      subject.name = `system:serviceaccounts:${mapping[group]}`;
    }
  }
}

/**
 * Follows the namespace mapping in the subjects of RoleBindings; the bindings that OpenShift makes in each project are skipped.
 *
 * Source: Velero `velero.io/role-bindings`, openshift-velero-plugin rolebinding.
 */
export const roleBinding: RestoreItemAction = {
  name: 'velero.io/role-bindings',
  appliesTo: { includedResources: ['rolebindings'] },
  execute(item, { restore }) {
    if (systemBindings.includes(item.metadata.name ?? '')) {
      return { item, skip: 'OpenShift makes this RoleBinding in each project' };
    }
    if (stringAt(item, 'roleRef', 'name') === engineClusterRole) {
      return { item, skip: 'it is the access of Lifeboat’s own engine' };
    }
    mapSubjects(item, restore.spec.namespaceMapping ?? {});
    return { item };
  },
};

/** Follows the namespace mapping in the subjects of ClusterRoleBindings. Source: Velero `velero.io/cluster-role-bindings`. */
export const clusterRoleBinding: RestoreItemAction = {
  name: 'velero.io/cluster-role-bindings',
  appliesTo: { includedResources: ['clusterrolebindings'] },
  execute(item, { restore }) {
    mapSubjects(item, restore.spec.namespaceMapping ?? {});
    return { item };
  },
};
