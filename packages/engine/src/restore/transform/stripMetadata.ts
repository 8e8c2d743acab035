import type { KubernetesObject } from '../../cluster/KubernetesObject';

const dropped = [
  'generateName',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
] as const;

/**
 * Removes what only the API server of the source cluster could know. Name, namespace, labels, annotations, finalizers and
 * managedFields stay.
 *
 * Source: Velero `resetMetadata`.
 */
export function stripMetadata(object: KubernetesObject): KubernetesObject {
  const metadata = { ...object.metadata };
  for (const key of dropped) {
    delete metadata[key];
  }
  return { ...object, metadata };
}

/** Removes the status. Source: Velero `resetStatus`. */
export function stripStatus(object: KubernetesObject): KubernetesObject {
  const { status, ...rest } = object;
  return rest as KubernetesObject;
}
