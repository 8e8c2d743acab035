export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface Metadata {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** Any object of the API, with the fields that all of them have. */
export interface Resource<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: Spec;
  status?: Status;
}

/** How a type is addressed in URLs. */
export interface ResourceType {
  group: string;
  version: string;
  resource: string;
  kind: string;
  namespaced: boolean;
}

export function apiVersionOf(
  type: Pick<ResourceType, 'group' | 'version'>,
): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}

/** The path of a collection, or of one object when a name is given. */
export function resourcePath(
  type: ResourceType,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root = type.group
    ? `/apis/${type.group}/${type.version}`
    : `/api/${type.version}`;
  const inNamespace =
    type.namespaced && namespace
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '';
  const ofObject = name ? `/${encodeURIComponent(name)}` : '';
  const ofSubresource = subresource ? `/${subresource}` : '';
  return `${root}${inNamespace}/${type.resource}${ofObject}${ofSubresource}`;
}

function coreType(
  resource: string,
  kind: string,
  namespaced = true,
): ResourceType {
  return { group: '', version: 'v1', resource, kind, namespaced };
}

function groupType(
  group: string,
  resource: string,
  kind: string,
  namespaced = true,
): ResourceType {
  return { group, version: 'v1', resource, kind, namespaced };
}

/** The types that the node part reads and writes. */
export const types = {
  namespaces: coreType('namespaces', 'Namespace', false),
  nodes: coreType('nodes', 'Node', false),
  pods: coreType('pods', 'Pod'),
  services: coreType('services', 'Service'),
  endpoints: coreType('endpoints', 'Endpoints'),
  endpointSlices: groupType(
    'discovery.k8s.io',
    'endpointslices',
    'EndpointSlice',
  ),
  configMaps: coreType('configmaps', 'ConfigMap'),
  secrets: coreType('secrets', 'Secret'),
  serviceAccounts: coreType('serviceaccounts', 'ServiceAccount'),
  persistentVolumeClaims: coreType(
    'persistentvolumeclaims',
    'PersistentVolumeClaim',
  ),
  persistentVolumes: coreType('persistentvolumes', 'PersistentVolume', false),
  storageClasses: groupType(
    'storage.k8s.io',
    'storageclasses',
    'StorageClass',
    false,
  ),
  csiDrivers: groupType('storage.k8s.io', 'csidrivers', 'CSIDriver', false),
  deployments: groupType('apps', 'deployments', 'Deployment'),
  replicaSets: groupType('apps', 'replicasets', 'ReplicaSet'),
  statefulSets: groupType('apps', 'statefulsets', 'StatefulSet'),
  daemonSets: groupType('apps', 'daemonsets', 'DaemonSet'),
  controllerRevisions: groupType(
    'apps',
    'controllerrevisions',
    'ControllerRevision',
  ),
  jobs: groupType('batch', 'jobs', 'Job'),
  cronJobs: groupType('batch', 'cronjobs', 'CronJob'),
  customResourceDefinitions: groupType(
    'apiextensions.k8s.io',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  routes: groupType('route.openshift.io', 'routes', 'Route'),
} satisfies Record<string, ResourceType>;

/** The owner that controls an object, if any. */
export function controllerOf(object: Resource): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(owner => owner.controller);
}

/** The owner reference that a controller sets on what it makes. */
export function controllerReference(
  owner: Resource,
  type: ResourceType,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
