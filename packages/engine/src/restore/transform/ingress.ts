import { objectsAt, stringAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/** Warns that an Ingress in another namespace has the same hosts as its original; Ingresses have no way to choose a host. */
export const ingress: RestoreItemAction = {
  name: 'lifeboat.dev/ingress',
  appliesTo: { includedResources: ['ingresses.networking.k8s.io'] },
  execute(item, context) {
    const hosts = objectsAt(item, 'spec', 'rules').flatMap(
      rule => stringAt(rule, 'host') ?? [],
    );
    if (context.targetNamespace === context.namespace || hosts.length === 0) {
      return { item };
    }
    return {
      item,
      warnings: [
        `Ingress ${item.metadata.name}: its ${
          hosts.length === 1 ? 'host' : 'hosts'
        } ${hosts.join(', ')} may be claimed by namespace ${
          context.namespace
        } already`,
      ],
    };
  },
};
