import { isJsonObject, objectsAt, valueAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Renames storage classes as a ConfigMap says.
 *
 * @param renames - old name to new name
 * @param exists - whether the cluster has a class
 *
 * Source: Velero `velero.io/change-storage-class`.
 */
export function changeStorageClass(
  renames: { [name: string]: string },
  exists: (name: string) => boolean,
): RestoreItemAction {
  const rename = (spec: unknown) => {
    if (!isJsonObject(spec)) {
      return;
    }
    const wanted = renames[String(spec.storageClassName ?? '')];
    if (!wanted || spec.storageClassName === wanted) {
      return;
    }
    if (!exists(wanted)) {
      throw new Error(
        `error getting storage class ${wanted} from API: storageclasses.storage.k8s.io "${wanted}" not found`,
      );
    }
    spec.storageClassName = wanted;
  };
  return {
    name: 'velero.io/change-storage-class',
    appliesTo: {
      includedResources: [
        'persistentvolumeclaims',
        'persistentvolumes',
        'statefulsets.apps',
      ],
    },
    execute(item) {
      if (item.kind === 'StatefulSet') {
        objectsAt(item, 'spec', 'volumeClaimTemplates').forEach(template =>
          rename(template.spec),
        );
      } else {
        rename(valueAt(item, 'spec'));
      }
      return { item };
    },
  };
}
