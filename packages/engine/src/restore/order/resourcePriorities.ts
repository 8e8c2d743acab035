import type { EngineConfig } from '../../config/EngineConfig';

/** Which types a restore handles first, and which last; all others come between, by name. */
export interface ResourcePriorities {
  first: string[];
  last: string[];
}

/** Velero's order. Source: Velero `pkg/cmd/server/config/config.go`. */
export const veleroPriorities: ResourcePriorities = {
  first: [
    'customresourcedefinitions',
    'namespaces',
    'storageclasses',
    'volumesnapshotclass.snapshot.storage.k8s.io',
    'volumesnapshotcontents.snapshot.storage.k8s.io',
    'volumesnapshots.snapshot.storage.k8s.io',
    'datauploads.velero.io',
    'persistentvolumes',
    'persistentvolumeclaims',
    'clusterroles',
    'roles',
    'serviceaccounts',
    'clusterrolebindings',
    'rolebindings',
    'secrets',
    'configmaps',
    'limitranges',
    'priorityclasses',
    'pods',
    'replicasets.apps',
    'clusterclasses.cluster.x-k8s.io',
    'endpoints',
    'services',
  ],
  last: [
    'clusterbootstraps.run.tanzu.vmware.com',
    'clusters.cluster.x-k8s.io',
    'clusterresourcesets.addons.cluster.x-k8s.io',
    'apps.kappctrl.k14s.io',
    'packageinstalls.packaging.carvel.dev',
  ],
};

/** OADP's order: security context constraints first, roles and bindings before pods. Source: OADP restore order. */
export const oadpPriorities: ResourcePriorities = {
  first: [
    'securitycontextconstraints',
    'customresourcedefinitions',
    'namespaces',
    'roles',
    'rolebindings',
    'clusterrolebindings',
    'storageclasses',
    'volumesnapshotclass.snapshot.storage.k8s.io',
    'volumesnapshotcontents.snapshot.storage.k8s.io',
    'volumesnapshots.snapshot.storage.k8s.io',
    'datauploads.velero.io',
    'persistentvolumes',
    'persistentvolumeclaims',
    'serviceaccounts',
    'secrets',
    'configmaps',
    'limitranges',
    'priorityclasses',
    'pods',
    'replicasets.apps',
    'clusterclasses.cluster.x-k8s.io',
    'endpoints',
    'services',
  ],
  last: veleroPriorities.last,
};

/** The priorities by the name that the configuration gives them (`restore.order`). */
export const prioritiesByName: {
  readonly [order in EngineConfig['restore']['order']]: ResourcePriorities;
} = { oadp: oadpPriorities, velero: veleroPriorities };

/**
 * Types in the order in which they are restored. Names of the priorities may repeat types of the backup under another name;
 * the caller resolves them and takes each type once.
 *
 * @param inBackup - types in the backup
 */
export function orderedTypes(
  priorities: ResourcePriorities,
  inBackup: string[],
): string[] {
  const listed = new Set([...priorities.first, ...priorities.last]);
  return [
    ...priorities.first,
    ...inBackup.filter(type => !listed.has(type)).sort(),
    ...priorities.last,
  ];
}
