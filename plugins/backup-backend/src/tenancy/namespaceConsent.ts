import {
  type ConfigConsent,
  type ConsentQuestion,
  type KubernetesObject,
  decideConsent,
} from '@lifeboat/engine';
import type { Problem } from '@lifeboat/backstage-plugin-backup-common';
import { type BackupScope, lifeboatAnnotations } from '@lifeboat/velero-api';
import { consentMissing } from '../problems/problems';
import type { Viewer } from './visibleScope';

/** Whether a namespace lets an entity be backed up, and how much of it. */
export type NamespaceConsent =
  | {
      allowed: true;
      /** Effective selector: consent AND the entity's own; undefined means the whole namespace. */
      selector?: string;
      /** What the consent limits the entity to. */
      consentSelector?: string;
      source: BackupScope['consent']['source'];
      entities: string[];
    }
  | { allowed: false; problem: Problem };

/**
 * Asks a namespace and the platform's configuration. A namespace that does not
 * exist can only be agreed to by the configuration.
 */
export function namespaceConsent(question: {
  cluster: string;
  name: string;
  namespace: KubernetesObject | undefined;
  /** The entity's own selector. */
  selector: string | undefined;
  viewer: Viewer;
  config: ConfigConsent[];
}): NamespaceConsent {
  const { cluster, name, namespace, selector, viewer, config } = question;
  const asked: Omit<ConsentQuestion, 'annotationSelector'> = {
    cluster,
    namespace: namespace ?? { metadata: { name } },
    entityRefs: viewer.consentRefs,
    configConsent: config,
  };
  const decision = decideConsent({ ...asked, annotationSelector: selector });
  if (!decision.allowed) {
    return {
      allowed: false,
      problem: consentMissing({
        namespace: name,
        entityRef: viewer.entityRef,
        selector,
        // Its text may name other teams' entities, which are not the user's business.
        reason:
          decision.code === 'consent-invalid'
            ? `What namespace ${name} agrees to cannot be understood`
            : decision.reason,
        shared: asked.namespace.metadata.annotations
          ? lifeboatAnnotations.consent in asked.namespace.metadata.annotations
          : false,
      }),
    };
  }
  const withoutOwnSelector = decideConsent(asked);
  return {
    allowed: true,
    selector: decision.effectiveSelector,
    consentSelector: withoutOwnSelector.allowed
      ? withoutOwnSelector.effectiveSelector
      : decision.effectiveSelector,
    source: decision.source,
    entities: decision.entities,
  };
}
