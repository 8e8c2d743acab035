import { parseRequirements } from '@lifeboat/engine';
import { type BackupScope, readScope } from '@lifeboat/velero-api';
import type { Target } from './Target';

/** Who asks: the entity, and the refs under which the platform may have agreed to it. */
export interface Viewer {
  entityRef: string;
  /** The entity, its systems and the owning groups of the user, in lower case. */
  consentRefs: string[];
}

/**
 * The recorded scope of a Backup, Restore or Schedule if the viewer may see the
 * resource. Only the scope decides, never labels. Undefined means that for this
 * viewer the resource does not exist.
 *
 * - The scope is of this entity, cluster and namespace.
 * - Another Namespace of the same name, or none: only if the consent that was
 *   recorded then was for the viewer too; today's consent has been checked
 *   before.
 * - Today's consent may have become narrower than the recorded scope: then the
 *   resource holds objects that are no longer the viewer's.
 */
export function visibleScope(
  object: { metadata?: { annotations?: Record<string, string> } },
  viewer: Viewer,
  target: Target,
): BackupScope | undefined {
  const scope = readScope(object);
  if (
    !scope ||
    scope.entityRef.toLocaleLowerCase('en-US') !== viewer.entityRef ||
    scope.cluster !== target.cluster.name ||
    scope.namespace !== target.namespace
  ) {
    return undefined;
  }
  const sameNamespace = scope.namespaceUid === target.namespaceUid;
  const agreedThen = scope.consent.entities.some(ref =>
    viewer.consentRefs.includes(ref.toLocaleLowerCase('en-US')),
  );
  if (!sameNamespace && !agreedThen) {
    return undefined;
  }
  return coveredBy(scope.selector, target.consentSelector) ? scope : undefined;
}

/**
 * Whether everything that `recorded` selects is also selected by `limit`:
 * true when each requirement of the limit is one of the recorded ones.
 */
export function coveredBy(
  recorded: string | undefined,
  limit: string | undefined,
): boolean {
  if (limit === undefined) {
    return true;
  }
  const present = new Set(recorded ? parseRequirements(recorded) : []);
  return parseRequirements(limit).every(requirement =>
    present.has(requirement),
  );
}
