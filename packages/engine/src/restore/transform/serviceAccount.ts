import { isJsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { RestoreItemAction } from './RestoreItemAction';

function withoutGenerated(
  account: KubernetesObject,
  member: 'secrets' | 'imagePullSecrets',
): void {
  const list = account[member];
  if (Array.isArray(list)) {
    const { name } = account.metadata;
    account[member] = list.filter(ref => {
      const target = isJsonObject(ref) ? String(ref.name ?? '') : '';
      return !(
        target.startsWith(`${name}-token-`) ||
        target.startsWith(`${name}-dockercfg-`)
      );
    });
  }
}

/**
 * Removes references to tokens and pull secrets that the cluster makes anew.
 *
 * Source: Velero `velero.io/service-account`, openshift-velero-plugin serviceaccount.
 */
export const serviceAccount: RestoreItemAction = {
  name: 'velero.io/service-account',
  appliesTo: { includedResources: ['serviceaccounts'] },
  execute(item) {
    withoutGenerated(item, 'secrets');
    withoutGenerated(item, 'imagePullSecrets');
    return { item };
  },
};
