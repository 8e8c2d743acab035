import type { Entity } from '@backstage/catalog-model';
import {
  KUBERNETES_CLUSTER_ANNOTATION,
  KUBERNETES_ID_ANNOTATION,
  KUBERNETES_ID_LABEL,
  KUBERNETES_LABEL_SELECTOR_ANNOTATION,
  KUBERNETES_NAMESPACE_ANNOTATION,
} from '@lifeboat/backstage-plugin-backup-common';

/** What an entity claims about where it runs. A claim, not a permission. */
export interface EntityLocation {
  cluster?: string;
  namespace?: string;
  /** Text of a label selector. */
  selector?: string;
}

/**
 * Reads the entity's annotations as plugin-kubernetes does: the label selector
 * wins over the id. An annotation that is there but blank is kept as empty
 * text, so that it is refused instead of meaning "everything".
 */
export function entityLocation(entity: Entity): EntityLocation {
  const annotations = entity.metadata.annotations ?? {};
  const id = annotations[KUBERNETES_ID_ANNOTATION];
  const selector =
    annotations[KUBERNETES_LABEL_SELECTOR_ANNOTATION]?.trim() ??
    (id === undefined ? undefined : `${KUBERNETES_ID_LABEL}=${id.trim()}`);
  return {
    cluster: annotations[KUBERNETES_CLUSTER_ANNOTATION]?.trim() || undefined,
    namespace:
      annotations[KUBERNETES_NAMESPACE_ANNOTATION]?.trim() || undefined,
    selector,
  };
}
