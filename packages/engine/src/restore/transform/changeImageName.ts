import { containersOf, podSpecsOf } from './internalImages';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Replaces parts of image names as a ConfigMap says: the first matching rule, the first occurrence.
 *
 * @param rules - each `old,new`
 *
 * Source: Velero `velero.io/change-image-name`.
 */
export function changeImageName(rules: string[]): RestoreItemAction {
  const pairs = rules
    .map(rule => rule.split(',').map(part => part.trim()))
    .filter(parts => parts.length === 2 && parts[0] !== '');
  return {
    name: 'velero.io/change-image-name',
    appliesTo: {
      includedResources: [
        'deployments',
        'statefulsets',
        'daemonsets',
        'replicasets',
        'replicationcontrollers',
        'jobs',
        'cronjobs',
        'pods',
      ],
    },
    execute(item) {
      for (const container of podSpecsOf(item).flatMap(containersOf)) {
        const image = String(container.image ?? '');
        const pair = pairs.find(([from]) => image.includes(from));
        if (pair) {
          container.image = image.replace(pair[0], () => pair[1]);
        }
      }
      return { item };
    },
  };
}
