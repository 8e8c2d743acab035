import { objectAt, removeAt, stringAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Lets the cluster choose a Route's host again where it chose it before. In another namespace also a host that somebody wrote
 * by hand is dropped: two Routes cannot have one host.
 *
 * Source: openshift-velero-plugin route; hand-set hosts are our addition.
 */
export const route: RestoreItemAction = {
  name: 'openshift.io/05-route-restore-plugin',
  appliesTo: { includedResources: ['routes.route.openshift.io'] },
  execute(item, context) {
    const host = stringAt(item, 'spec', 'host');
    const generated =
      item.metadata.annotations?.['openshift.io/host.generated'] === 'true';
    const isClone = context.targetNamespace !== context.namespace;
    if (!host || (!generated && !isClone)) {
      return { item };
    }
    removeAt(item, 'spec', 'host');
    if (generated) {
      return { item };
    }
    removeAt(objectAt(item, 'spec'), 'subdomain');
    return {
      item,
      warnings: [
        `Route ${item.metadata.name}: its host ${host} belongs to namespace ${context.namespace}; the cluster chooses another one here`,
      ],
    };
  },
};
