import { removeAt, valueAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

const uidLabels = ['controller-uid', 'batch.kubernetes.io/controller-uid'];

/**
 * Lets the cluster generate a Job's selector again; Jobs that a CronJob made are made again by it.
 *
 * Source: Velero `velero.io/job`, openshift-velero-plugin job.
 */
export const job: RestoreItemAction = {
  name: 'velero.io/job',
  appliesTo: { includedResources: ['jobs'] },
  execute(item, context) {
    const owner = (context.original.metadata.ownerReferences ?? []).find(
      reference => reference.kind === 'CronJob',
    );
    if (
      owner &&
      context.isRestored({
        group: 'batch',
        resource: 'cronjobs',
        namespace: context.namespace,
        name: owner.name,
      })
    ) {
      return {
        item,
        skip: `CronJob ${owner.name}, which is restored too, makes its Jobs itself`,
      };
    }
    // A selector that the user manages himself must stay.
    if (valueAt(item, 'spec', 'manualSelector') !== true) {
      for (const label of uidLabels) {
        removeAt(item, 'spec', 'selector', 'matchLabels', label);
        removeAt(item, 'spec', 'template', 'metadata', 'labels', label);
      }
    }
    return { item };
  },
};
