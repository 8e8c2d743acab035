/** The ClusterRole that gives the engine access to one served namespace (see `deploy/`). */
export const engineClusterRole = 'lifeboat-tenant';

/** The ServiceAccount that `deploy/` makes for the engine, and the RoleBinding that serves a namespace. */
export const engineAccount = 'lifeboat-engine';

/** What the platform team runs so that the engine may read and write in a namespace. */
export function accessCommand(
  namespace: string,
  controlNamespace: string,
): string {
  return `kubectl -n ${namespace} create rolebinding ${engineAccount} --clusterrole=${engineClusterRole} --serviceaccount=${controlNamespace}:${engineAccount}`;
}
