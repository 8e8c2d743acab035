import { engineClusterRole } from '../../consent/accessCommand';

/**
 * ClusterRoles that a tenant's RoleBindings may give to accounts of the target namespace. Both end at the namespace, and neither
 * lets an account change rights.
 *
 * @public
 */
export const defaultAllowedClusterRoles: readonly string[] = ['view', 'edit'];

/** Roles that hand over a namespace, or the engine's own access to it. */
const neverAllowed: ReadonlySet<string> = new Set([
  'cluster-admin',
  engineClusterRole,
]);

/**
 * Why a ClusterRole cannot be on the list of those that tenants' RoleBindings may give, or undefined.
 *
 * @public
 */
export function clusterRoleProblem(name: string): string | undefined {
  if (neverAllowed.has(name)) {
    return `"${name}" gives everything in the namespace, so a restore must never hand it to a tenant's accounts`;
  }
  // Kubernetes: path segment names, which RBAC objects have; a pattern would allow more than was read.
  if (name.trim() !== name || name === '.' || name === '..') {
    return `"${name}" cannot be the name of a ClusterRole`;
  }
  return /[/%*?\s]/.test(name)
    ? `"${name}" cannot be the name of a ClusterRole; patterns are not allowed`
    : undefined;
}
