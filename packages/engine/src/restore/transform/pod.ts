import type { ItemIdentifier } from '../../backup/ItemIdentifier';
import {
  JsonObject,
  isJsonObject,
  objectsAt,
  removeAt,
  stringAt,
  valueAt,
} from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { RestoreItemAction } from './RestoreItemAction';

function withoutTokens(list: unknown, prefix: string): JsonObject[] {
  return Array.isArray(list)
    ? list.filter(
        (entry): entry is JsonObject =>
          isJsonObject(entry) && !String(entry.name ?? '').startsWith(prefix),
      )
    : [];
}

/**
 * Frees a pod from its node, and from token volumes that the cluster mounts anew.
 *
 * Source: Velero `velero.io/pod`; openshift-velero-plugin clears the node selector on OpenShift only when told, so it stays here.
 */
export const pod: RestoreItemAction = {
  name: 'velero.io/pod',
  appliesTo: { includedResources: ['pods'] },
  execute(item) {
    removeAt(item, 'spec', 'nodeName');
    removeAt(item, 'spec', 'priority');
    const prefix = `${
      stringAt(item, 'spec', 'serviceAccountName') ?? ''
    }-token-`;
    const spec = valueAt(item, 'spec');
    if (isJsonObject(spec)) {
      if (spec.volumes) {
        spec.volumes = withoutTokens(spec.volumes, prefix);
      }
      for (const container of [
        ...objectsAt(spec, 'containers'),
        ...objectsAt(spec, 'initContainers'),
      ]) {
        if (container.volumeMounts) {
          container.volumeMounts = withoutTokens(
            container.volumeMounts,
            prefix,
          );
        }
      }
    }
    return { item, additionalItems: priorityClassOf(item) };
  },
};

/** The PriorityClass that a pod names. */
export function priorityClassOf(item: KubernetesObject): ItemIdentifier[] {
  const name = stringAt(item, 'spec', 'priorityClassName');
  return name
    ? [
        {
          group: 'scheduling.k8s.io',
          resource: 'priorityclasses',
          namespace: '',
          name,
        },
      ]
    : [];
}

/** Restores a pod's claims before it. Source: Velero `velero.io/add-pvc-from-pod`. */
export const claimsOfPod: RestoreItemAction = {
  name: 'velero.io/add-pvc-from-pod',
  appliesTo: { includedResources: ['pods'] },
  execute(item) {
    const additionalItems: ItemIdentifier[] = objectsAt(
      item,
      'spec',
      'volumes',
    ).flatMap(volume => {
      const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
      return name
        ? [
            {
              group: '',
              resource: 'persistentvolumeclaims',
              namespace: item.metadata.namespace,
              name,
            },
          ]
        : [];
    });
    return { item, additionalItems };
  },
};
