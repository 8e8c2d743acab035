import { Manifest } from '../application/Manifest';

/** What a rule may look at to decide. */
export interface PairContext {
  original: Manifest;
  copy: Manifest;
  sourceNamespace: string;
  targetNamespace: string;
  /** The object of the copy with this UID. */
  copyByUid(uid: string): Manifest | undefined;
  originalByUid(uid: string): Manifest | undefined;
}

/** A difference that is right, and why. */
export interface AllowedDifference {
  /** Kinds it applies to; all when absent. */
  kinds?: string[];
  path: string;
  reason: string;
  /** Paths below that are compared nevertheless. */
  except?: string[];
  /** Further condition on the two values. */
  when?(original: unknown, copy: unknown, context: PairContext): boolean;
}

const added = (original: unknown) => original === undefined;

const movedNamespace = (
  original: unknown,
  copy: unknown,
  { sourceNamespace, targetNamespace }: PairContext,
) => original === sourceNamespace && copy === targetNamespace;

/** The same kind and name on both sides, each of its own namespace. */
function sameOwner(original: unknown, copy: unknown, context: PairContext) {
  const before = context.originalByUid(String(original));
  const after = context.copyByUid(String(copy));
  return (
    before !== undefined &&
    after !== undefined &&
    before.kind === after.kind &&
    before.metadata.name === after.metadata.name
  );
}

/** The closed list: every difference between original and copy that is not here is a failure. */
export const allowedDifferences: AllowedDifference[] = [
  {
    path: 'metadata.uid',
    reason: 'the API server gives every object its own UID',
  },
  {
    path: 'metadata.resourceVersion',
    reason: 'the API server counts every write',
  },
  {
    path: 'metadata.generation',
    reason: 'the API server counts the changes of this one object',
  },
  {
    path: 'metadata.creationTimestamp',
    reason: 'the copy was created later',
  },
  {
    path: 'metadata.managedFields.**',
    reason: 'who wrote which field: another program wrote the copy',
  },
  {
    path: 'metadata.generateName',
    reason: 'only a request for a name; Velero drops it, the name is kept',
    when: (_original, copy) => copy === undefined,
  },
  {
    path: 'metadata.namespace',
    reason: 'the copy is in the target namespace',
    when: movedNamespace,
  },
  {
    path: "metadata.labels['velero.io/backup-name']",
    reason: 'Velero marks what it restores',
    when: added,
  },
  {
    path: "metadata.labels['velero.io/restore-name']",
    reason: 'Velero marks what it restores',
    when: added,
  },
  {
    path: 'metadata.ownerReferences[*].uid',
    reason: 'points to the restored owner of the same kind and name',
    when: sameOwner,
  },
  {
    kinds: ['Service'],
    path: 'spec.clusterIP',
    reason: 'every Service has its own address',
    when: original => original !== 'None',
  },
  {
    kinds: ['Service'],
    path: 'spec.clusterIPs[*]',
    reason: 'every Service has its own address',
    when: original => original !== 'None',
  },
  {
    kinds: ['Service'],
    path: 'spec.ports[*].nodePort',
    reason: 'a node port belongs to one Service',
  },
  {
    kinds: ['Route'],
    path: 'spec.host',
    reason: 'the router made the name from the namespace',
    when: (_original, _copy, { original }) =>
      original.metadata.annotations?.['openshift.io/host.generated'] === 'true',
  },
  {
    kinds: ['RoleBinding'],
    path: 'subjects[*].namespace',
    reason: 'the restored ServiceAccount gets the rights',
    when: movedNamespace,
  },
  {
    kinds: ['PersistentVolumeClaim'],
    path: 'spec.volumeName',
    reason: 'every claim has its own volume',
  },
  {
    kinds: ['PersistentVolumeClaim'],
    path: 'spec.selector.**',
    reason:
      'keeps other volumes away until the data is there; Velero leaves it too',
    when: added,
  },
  ...[
    'velero.io/volume-snapshot-name',
    'velero.io/data-upload-name',
    'velero.io/backup-name',
  ].flatMap(name =>
    ['labels', 'annotations'].map(where => ({
      kinds: ['PersistentVolumeClaim'],
      path: `metadata.${where}['${name}']`,
      reason: 'says which data the volume was filled with',
      when: added,
    })),
  ),
  ...[
    'pv.kubernetes.io/bind-completed',
    'pv.kubernetes.io/bound-by-controller',
    'volume.kubernetes.io/selected-node',
    'volume.kubernetes.io/storage-provisioner',
    'volume.beta.kubernetes.io/storage-provisioner',
  ].map(annotation => ({
    kinds: ['PersistentVolumeClaim'],
    path: `metadata.annotations['${annotation}']`,
    reason: 'the cluster notes here how it bound this very claim',
  })),
  {
    kinds: ['Pod'],
    path: "metadata.annotations['dev-cluster.lifeboat.dev/port-*']",
    reason: 'every process of the embedded cluster listens on its own port',
  },
  {
    kinds: ['Pod'],
    path: 'metadata.name',
    reason:
      'a ReplicaSet that replaces a pod takes another random ending; owner and content are compared',
    when: (_original, _copy, { original, copy }) =>
      [original, copy].every(pod =>
        pod.metadata.ownerReferences?.some(
          owner => owner.kind === 'ReplicaSet',
        ),
      ),
  },
  {
    kinds: ['Pod'],
    path: 'spec.nodeName',
    reason: 'the scheduler chooses the node',
  },
  {
    kinds: ['Pod'],
    path: 'spec.volumes[*].name',
    reason: 'the volume of the API token has a random name',
    when: isTokenVolume,
  },
  {
    kinds: ['Pod'],
    path: 'spec.containers[*].volumeMounts[*].name',
    reason: 'the volume of the API token has a random name',
    when: isTokenVolume,
  },
  {
    kinds: [
      'Deployment',
      'ReplicaSet',
      'StatefulSet',
      'Pod',
      'PersistentVolumeClaim',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'CronJob',
      'Route',
      'Service',
    ],
    path: 'status.**',
    reason:
      'written by the controllers for each object; what says that it works is compared',
    except: [
      'status.phase',
      'status.replicas',
      'status.readyReplicas',
      'status.availableReplicas',
      'status.updatedReplicas',
      'status.capacity.**',
      'status.accessModes.**',
    ],
  },
];

function isTokenVolume(original: unknown, copy: unknown): boolean {
  return [original, copy].every(
    name => typeof name === 'string' && name.startsWith('kube-api-access-'),
  );
}

/** Objects that the cluster derives from others; they are not part of an application. */
export const derivedKinds: Record<string, string> = {
  Endpoints: 'addresses of the pods behind a Service',
  EndpointSlice: 'addresses of the pods behind a Service',
  Event: 'what happened, not what is wanted',
  Lease: 'held by running programs',
  PodMetrics: 'measured by the cluster',
};
