import { removeAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

const tokenType = 'kubernetes.io/service-account-token';
const dockerTypes = [
  'kubernetes.io/dockercfg',
  'kubernetes.io/dockerconfigjson',
];
const uidAnnotation = 'kubernetes.io/service-account.uid';

/**
 * Skips Secrets that the cluster makes itself (account tokens, OpenShift pull secrets, serving certificates), and frees tokens
 * that somebody asked for from the old account.
 *
 * Source: Velero `velero.io/secret`, openshift-velero-plugin secret.
 */
export const secret: RestoreItemAction = {
  name: 'velero.io/secret',
  appliesTo: { includedResources: ['secrets'] },
  execute(item, context) {
    const { annotations = {}, name = '' } = item.metadata;
    if (
      annotations['service.alpha.openshift.io/originating-service-name'] ||
      annotations['service.beta.openshift.io/originating-service-name']
    ) {
      return {
        item,
        skip: 'the cluster makes this serving certificate itself',
      };
    }
    const accounts = context.serviceAccounts();
    const generated = (infix: string) =>
      accounts.some(account => name.startsWith(`${account}-${infix}-`));
    const type = String(item.type ?? '');
    if (dockerTypes.includes(type) && generated('dockercfg')) {
      return {
        item,
        skip: 'the cluster makes the pull secrets of ServiceAccounts itself',
      };
    }
    if (type !== tokenType) {
      return { item };
    }
    if (generated('token')) {
      return {
        item,
        skip: 'the cluster makes the tokens of ServiceAccounts itself',
      };
    }
    removeAt(item, 'metadata', 'annotations', uidAnnotation);
    removeAt(item, 'data', 'token');
    removeAt(item, 'data', 'ca.crt');
    return { item };
  },
};
