import { lifeboatAnnotations } from './labels';

/**
 * What a Backup, Restore or Schedule of Lifeboat may touch, written when it was made. It decides later who may see it and
 * where it may be restored.
 *
 * @public
 */
export interface BackupScope {
  /** Entity ref such as `component:default/orders`. */
  entityRef: string;
  /** Name of the cluster. */
  cluster: string;
  /** The entity's namespace. */
  namespace: string;
  /** UID of that Namespace; another UID under the same name is another namespace. */
  namespaceUid: string;
  /** Effective label selector as text; absent means the whole namespace. */
  selector?: string;
  consent: {
    /** Who agreed: the Namespace by its annotation, or the platform team's config. */
    source: 'namespace' | 'config';
    /** Entity refs that were agreed to. */
    entities: string[];
  };
}

interface Annotated {
  metadata?: { annotations?: Record<string, string> };
}

/**
 * The scope recorded on an object.
 *
 * @returns `undefined` if there is none or if it cannot be understood; callers treat both as "nobody's", never as "everybody's".
 *
 * @public
 */
export function readScope(object: Annotated): BackupScope | undefined {
  const text = object.metadata?.annotations?.[lifeboatAnnotations.scope];
  if (!text) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isScope(value) ? value : undefined;
}

/**
 * A copy of an object with the scope recorded on it.
 *
 * @public
 */
export function writeScope<T extends Annotated>(
  object: T,
  scope: BackupScope,
): T {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: {
        ...object.metadata?.annotations,
        [lifeboatAnnotations.scope]: JSON.stringify(scope),
      },
    },
  };
}

function isScope(value: unknown): value is BackupScope {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const scope = value as Partial<Record<keyof BackupScope, unknown>>;
  const consent = scope.consent as Partial<BackupScope['consent']> | undefined;
  return (
    filled(scope.entityRef) &&
    filled(scope.cluster) &&
    filled(scope.namespace) &&
    filled(scope.namespaceUid) &&
    (scope.selector === undefined || filled(scope.selector)) &&
    typeof consent === 'object' &&
    consent !== null &&
    (consent.source === 'namespace' || consent.source === 'config') &&
    Array.isArray(consent.entities) &&
    consent.entities.every(filled)
  );
}

function filled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
