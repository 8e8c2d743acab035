import { objectsAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/** Gives webhooks a `sideEffects` that `v1` allows. Source: Velero `velero.io/admission-webhook-configuration`. */
export const admissionWebhook: RestoreItemAction = {
  name: 'velero.io/admission-webhook-configuration',
  appliesTo: {
    includedResources: [
      'mutatingwebhookconfigurations',
      'validatingwebhookconfigurations',
    ],
  },
  execute(item) {
    if (item.apiVersion === 'admissionregistration.k8s.io/v1') {
      for (const webhook of objectsAt(item, 'webhooks')) {
        if (
          webhook.sideEffects !== 'None' &&
          webhook.sideEffects !== 'NoneOnDryRun'
        ) {
          webhook.sideEffects = 'None';
        }
      }
    }
    return { item };
  },
};
