import { isJsonObject, objectAt, stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { largerQuantity } from '../../volumes/policies/quantity';

/**
 * Lets a claim ask for no less storage than a snapshot needs.
 *
 * @param claim - changed in place
 * @param size - a quantity
 */
export function atLeast(claim: KubernetesObject, size: string): void {
  const requests = objectAt(claim, 'spec', 'resources', 'requests');
  const storage = largerQuantity(stringAt(requests, 'storage'), size);
  if (isJsonObject(claim.spec)) {
    claim.spec.resources = {
      ...objectAt(claim.spec, 'resources'),
      requests: { ...requests, storage },
    };
  }
}
