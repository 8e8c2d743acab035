import { objectAt, removeAt, stringAt, valueAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { RestoreItemAction } from './RestoreItemAction';

const bindCompleted = 'pv.kubernetes.io/bind-completed';
const boundByController = 'pv.kubernetes.io/bound-by-controller';

const claimAnnotations = [
  bindCompleted,
  boundByController,
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/selected-node',
  'velero.io/volume-snapshot-name',
  'velero.io/data-upload-name',
];

/** Removes annotations; those that are not there are no matter. */
export function removeAnnotations(
  object: KubernetesObject,
  names: string[],
): void {
  for (const name of names) {
    removeAt(object, 'metadata', 'annotations', name);
  }
}

/**
 * Frees a claim from what bound it to its volume and node, and restores its volume before it.
 *
 * Source: Velero `velero.io/pvc`.
 */
export const claim: RestoreItemAction = {
  name: 'velero.io/pvc',
  appliesTo: { includedResources: ['persistentvolumeclaims'] },
  execute(item, { original }) {
    removeAnnotations(item, claimAnnotations);
    const volume = stringAt(item, 'spec', 'volumeName');
    const isBound = stringAt(original, 'status', 'phase') === 'Bound';
    return {
      item,
      ...(volume &&
        isBound && {
          additionalItems: [
            {
              group: '',
              resource: 'persistentvolumes',
              namespace: '',
              name: volume,
            },
          ],
        }),
    };
  },
};

/** Removes what says that a claim or volume is bound already. Source: Velero `resetVolumeBindingInfo`. */
export function resetBinding(object: KubernetesObject): void {
  removeAnnotations(object, [bindCompleted, boundByController]);
  if (valueAt(object, 'spec', 'claimRef')) {
    removeAt(object, 'spec', 'claimRef', 'uid');
    removeAt(object, 'spec', 'claimRef', 'resourceVersion');
  }
}

/** Points a volume's claimRef to where its claim goes. */
export function mapClaimRef(
  volume: KubernetesObject,
  mapping: { [namespace: string]: string },
): void {
  const ref = objectAt(volume, 'spec', 'claimRef');
  const target = mapping[String(ref.namespace ?? '')];
  if (target) {
    ref.namespace = target;
  }
}
