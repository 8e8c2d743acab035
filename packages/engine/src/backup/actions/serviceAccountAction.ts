import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ItemIdentifier } from '../ItemIdentifier';
import { objectsAt, stringAt } from '../jsonPath';
import type { BackupItemAction } from './BackupItemAction';

const rbac = 'rbac.authorization.k8s.io';

function names(binding: KubernetesObject, account: KubernetesObject): boolean {
  return objectsAt(binding, 'subjects').some(
    subject =>
      subject.kind === 'ServiceAccount' &&
      subject.name === account.metadata.name &&
      subject.namespace === account.metadata.namespace,
  );
}

/**
 * Takes the ClusterRoleBindings that name a ServiceAccount along, with their ClusterRoles, where they may be read.
 *
 * Source: Velero `velero.io/service-account` backup item action.
 */
export const serviceAccountAction: BackupItemAction = {
  name: 'velero.io/service-account',
  appliesTo: { includedResources: ['serviceaccounts'] },
  async execute(account, context) {
    const bindings = await context.list(`clusterrolebindings.${rbac}`);
    const additionalItems: ItemIdentifier[] = [];
    for (const binding of (bindings ?? []).filter(b => names(b, account))) {
      additionalItems.push({
        group: rbac,
        resource: 'clusterrolebindings',
        name: binding.metadata.name ?? '',
      });
      const role = stringAt(binding, 'roleRef', 'name');
      if (role) {
        additionalItems.push({
          group: rbac,
          resource: 'clusterroles',
          name: role,
        });
      }
    }
    return { item: account, additionalItems };
  },
};
