import { objectAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/** Corrects the API version of a DeploymentConfig that an autoscaler scales. Source: openshift-velero-plugin HPA. */
export const autoscaler: RestoreItemAction = {
  name: 'openshift.io/24-hpa-restore-plugin',
  appliesTo: { includedResources: ['horizontalpodautoscalers.autoscaling'] },
  execute(item) {
    const target = objectAt(item, 'spec', 'scaleTargetRef');
    if (target.kind === 'DeploymentConfig' && target.apiVersion === 'v1') {
      target.apiVersion = 'apps.openshift.io/v1';
    }
    return { item };
  },
};
