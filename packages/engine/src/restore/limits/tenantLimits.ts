import { objectsAt, stringAt } from '../../backup/jsonPath';
import { cloneJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** What a restore for a tenant is held to. */
export interface TenantLimits {
  /** The one namespace that objects may go to. */
  targetNamespace: string;
  /** ClusterRoles that RoleBindings may name. */
  allowedClusterRoles: readonly string[];
  /** Whether a Role of the target namespace is restored along. */
  isRestoredRole(name: string): boolean;
}

/** What the limits make of an object. */
export type LimitResult =
  | { object: KubernetesObject; warnings: string[] }
  /** The object is not restored; the text says why. */
  | { refused: string };

function allowedSubject(
  subject: { [key: string]: unknown },
  namespace: string,
): boolean {
  if (subject.kind === 'ServiceAccount') {
    return (stringAt(subject, 'namespace') ?? namespace) === namespace;
  }
  return (
    subject.kind === 'Group' &&
    subject.name === `system:serviceaccounts:${namespace}`
  );
}

/**
 * Holds one object to the limits of a tenant's restore, after all changes were made to it: no cluster-scoped objects, nothing
 * outside the target namespace, RoleBindings only to Roles restored with them or to allowed ClusterRoles, and only for accounts
 * of the target namespace. The engine restores with its own rights, so these limits are what keeps a tenant from borrowing them.
 */
export function holdToLimits(
  object: KubernetesObject,
  groupResource: string,
  limits: TenantLimits,
): LimitResult {
  const { namespace, name } = object.metadata;
  if (!namespace) {
    return {
      refused: `${object.kind} ${name} is cluster-scoped: only admins restore such objects`,
    };
  }
  if (namespace !== limits.targetNamespace) {
    return {
      refused: `${object.kind} ${name} would go to namespace ${namespace}, outside of ${limits.targetNamespace}`,
    };
  }
  if (!groupResource.startsWith('rolebindings.')) {
    return { object, warnings: [] };
  }
  const role = stringAt(object, 'roleRef', 'name') ?? '';
  const kind = stringAt(object, 'roleRef', 'kind');
  if (
    kind === 'ClusterRole'
      ? !limits.allowedClusterRoles.includes(role)
      : !limits.isRestoredRole(role)
  ) {
    return {
      refused:
        kind === 'ClusterRole'
          ? `RoleBinding ${name} gives ClusterRole ${role}, which is not on the platform's list for restores`
          : `RoleBinding ${name} gives Role ${role}, which is not restored with it`,
    };
  }
  const subjects = objectsAt(object, 'subjects');
  const allowed = subjects.filter(subject =>
    allowedSubject(subject, namespace),
  );
  if (allowed.length === subjects.length) {
    return { object, warnings: [] };
  }
  if (allowed.length === 0) {
    return {
      refused: `RoleBinding ${name} is only for users, groups or accounts outside of namespace ${namespace}`,
    };
  }
  const limited = cloneJson(object);
  limited.subjects = allowed;
  return {
    object: limited,
    warnings: [
      `RoleBinding ${name}: ${
        subjects.length - allowed.length
      } of its subjects are outside of namespace ${namespace} and were left out`,
    ],
  };
}
