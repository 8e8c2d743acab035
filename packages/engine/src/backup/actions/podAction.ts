import { objectsAt, stringAt } from '../jsonPath';
import type { ItemIdentifier } from '../ItemIdentifier';
import type { BackupItemAction } from './BackupItemAction';

/** Takes a pod's claims and PriorityClass along. Source: Velero `velero.io/pod` backup item action. */
export const podAction: BackupItemAction = {
  name: 'velero.io/pod',
  appliesTo: { includedResources: ['pods'] },
  execute(pod) {
    const additionalItems: ItemIdentifier[] = [];
    const priorityClass = stringAt(pod, 'spec', 'priorityClassName');
    if (priorityClass) {
      additionalItems.push({
        group: 'scheduling.k8s.io',
        resource: 'priorityclasses',
        name: priorityClass,
      });
    }
    for (const volume of objectsAt(pod, 'spec', 'volumes')) {
      const claim = stringAt(volume, 'persistentVolumeClaim', 'claimName');
      if (claim) {
        additionalItems.push({
          group: '',
          resource: 'persistentvolumeclaims',
          namespace: pod.metadata.namespace,
          name: claim,
        });
      }
    }
    return { item: pod, additionalItems };
  },
};
