/**
 * ClusterRoles that a tenant's RoleBindings may give to accounts of the target namespace. Both end at the namespace, and neither
 * lets an account change rights.
 */
export const defaultAllowedClusterRoles: string[] = ['view', 'edit'];
