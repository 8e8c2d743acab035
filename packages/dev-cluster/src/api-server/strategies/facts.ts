/** How the registry of the real server treats one resource where it differs from the rule (pkg/registry/…/strategy.go). */
export interface ResourceFacts {
  /** Counts changes of the spec in metadata.generation. */
  generation: boolean;
  /** A PUT without resourceVersion is allowed. */
  unconditionalUpdate: boolean;
  /** A PUT to a name that does not exist creates it. */
  createOnUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  returnsDeleted: boolean;
  /** Dependents are orphaned unless the client says otherwise. */
  orphansByDefault: boolean;
  names: 'label' | 'label1035' | 'subdomain' | 'path' | 'any';
}

const generation = new Set([
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'replicasets.apps',
  'replicationcontrollers',
  'jobs.batch',
  'cronjobs.batch',
  'pods',
  'poddisruptionbudgets.policy',
  'ingresses.networking.k8s.io',
  'ingressclasses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'endpointslices.discovery.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
]);
const conditional = new Set([
  'poddisruptionbudgets.policy',
  'csidrivers.storage.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'leases.coordination.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
]);
const createOnUpdate = new Set([
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'leases.coordination.k8s.io',
  'limitranges',
  'events',
  'services',
  'endpoints',
]);
const returnsDeleted = new Set([
  'persistentvolumes',
  'persistentvolumeclaims',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
]);
const orphansByDefault = new Set(['jobs.batch', 'replicationcontrollers']);
const names: { [collection: string]: ResourceFacts['names'] } = {
  namespaces: 'label',
  services: 'label1035',
  'roles.rbac.authorization.k8s.io': 'path',
  'rolebindings.rbac.authorization.k8s.io': 'path',
  'clusterroles.rbac.authorization.k8s.io': 'path',
  'clusterrolebindings.rbac.authorization.k8s.io': 'path',
};

export function factsOf(collection: string, custom: boolean): ResourceFacts {
  return {
    generation: custom || generation.has(collection),
    unconditionalUpdate: !custom && !conditional.has(collection),
    createOnUpdate: createOnUpdate.has(collection),
    returnsDeleted: returnsDeleted.has(collection),
    orphansByDefault: orphansByDefault.has(collection),
    names: names[collection] ?? 'subdomain',
  };
}
