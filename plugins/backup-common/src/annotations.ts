/** Which cluster the entity runs on: a name of `backup.clusters`. @public */
export const KUBERNETES_CLUSTER_ANNOTATION = 'backstage.io/kubernetes-cluster';

/** The namespace that the entity runs in. @public */
export const KUBERNETES_NAMESPACE_ANNOTATION =
  'backstage.io/kubernetes-namespace';

/** Label selector of the entity's objects; wins over the id. @public */
export const KUBERNETES_LABEL_SELECTOR_ANNOTATION =
  'backstage.io/kubernetes-label-selector';

/** Value of the label `backstage.io/kubernetes-id` on the objects. @public */
export const KUBERNETES_ID_ANNOTATION = 'backstage.io/kubernetes-id';

/** The label that `backstage.io/kubernetes-id` stands for. @public */
export const KUBERNETES_ID_LABEL = 'backstage.io/kubernetes-id';

/**
 * Annotations that tie an entity to Kubernetes. An entity with none of them has
 * no backups.
 *
 * @public
 */
export const kubernetesAnnotations = [
  KUBERNETES_CLUSTER_ANNOTATION,
  KUBERNETES_NAMESPACE_ANNOTATION,
  KUBERNETES_LABEL_SELECTOR_ANNOTATION,
  KUBERNETES_ID_ANNOTATION,
] as const;

/**
 * Whether an entity says where it runs, so that it can have backups. One of
 * namespace, label selector and id is needed; a cluster alone names no objects.
 *
 * @public
 */
export function isBackupAvailable(entity: {
  metadata: { annotations?: Record<string, string> };
}): boolean {
  const annotations = entity.metadata.annotations ?? {};
  return [
    KUBERNETES_NAMESPACE_ANNOTATION,
    KUBERNETES_LABEL_SELECTOR_ANNOTATION,
    KUBERNETES_ID_ANNOTATION,
  ].some(name => Boolean(annotations[name]?.trim()));
}
