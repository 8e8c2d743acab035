import { KubeObject } from '../KubeObject';
import { equal, isObject, JsonObject, listAt, objectAt } from '../json';
import {
  defaultPodContainers,
  defaultPodSpec,
  ensure,
  fallback,
  objects,
} from './podDefaults';

type Defaulter = (object: KubeObject) => void;

function spec(object: KubeObject): JsonObject {
  return ensure(object, 'spec');
}

function template(object: JsonObject) {
  const found = objectAt(object, 'template');
  if (isObject(found.spec)) defaultPodSpec(found.spec);
}

function deployment(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'replicas', 1);
  fallback(s, 'revisionHistoryLimit', 10);
  fallback(s, 'progressDeadlineSeconds', 600);
  const strategy = ensure(s, 'strategy');
  fallback(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    const rolling = ensure(strategy, 'rollingUpdate');
    fallback(rolling, 'maxUnavailable', '25%');
    fallback(rolling, 'maxSurge', '25%');
  }
  template(s);
}

function statefulSet(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'podManagementPolicy', 'OrderedReady');
  fallback(s, 'replicas', 1);
  fallback(s, 'revisionHistoryLimit', 10);
  const strategy = ensure(s, 'updateStrategy');
  fallback(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    fallback(ensure(strategy, 'rollingUpdate'), 'partition', 0);
  }
  const retention = ensure(s, 'persistentVolumeClaimRetentionPolicy');
  fallback(retention, 'whenDeleted', 'Retain');
  fallback(retention, 'whenScaled', 'Retain');
  for (const claim of objects(s.volumeClaimTemplates)) {
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    fallback(ensure(claim, 'spec'), 'volumeMode', 'Filesystem');
    claim.status = { phase: 'Pending' };
  }
  template(s);
}

function daemonSet(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'revisionHistoryLimit', 10);
  const strategy = ensure(s, 'updateStrategy');
  fallback(strategy, 'type', 'RollingUpdate');
  if (strategy.type === 'RollingUpdate') {
    const rolling = ensure(strategy, 'rollingUpdate');
    fallback(rolling, 'maxUnavailable', 1);
    fallback(rolling, 'maxSurge', 0);
  }
  template(s);
}

function replicaSet(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'replicas', 1);
  template(s);
}

function replicationController(object: KubeObject) {
  const s = spec(object);
  const labels = objectAt(s, 'template', 'metadata').labels;
  if (isObject(labels)) {
    if (Object.keys(objectAt(s, 'selector')).length === 0) {
      s.selector = { ...labels };
    }
    object.metadata.labels ??= { ...(labels as { [name: string]: string }) };
  }
  fallback(s, 'replicas', 1);
  template(s);
}

function jobSpec(s: JsonObject) {
  if (s.completions === undefined && s.parallelism === undefined) {
    s.completions = 1;
    s.parallelism = 1;
  }
  fallback(s, 'parallelism', 1);
  fallback(
    s,
    'backoffLimit',
    s.backoffLimitPerIndex === undefined ? 6 : 2147483647,
  );
  fallback(s, 'completionMode', 'NonIndexed');
  fallback(s, 'suspend', false);
  if (s.podReplacementPolicy === undefined) {
    s.podReplacementPolicy = s.podFailurePolicy
      ? 'Failed'
      : 'TerminatingOrFailed';
  }
  template(s);
}

function job(object: KubeObject) {
  const labels = objectAt(object, 'spec', 'template', 'metadata').labels;
  if (
    isObject(labels) &&
    Object.keys(object.metadata.labels ?? {}).length === 0
  ) {
    object.metadata.labels = { ...(labels as { [name: string]: string }) };
  }
  jobSpec(spec(object));
  fallback(spec(object), 'manualSelector', false);
}

function cronJob(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'concurrencyPolicy', 'Allow');
  fallback(s, 'suspend', false);
  fallback(s, 'successfulJobsHistoryLimit', 3);
  fallback(s, 'failedJobsHistoryLimit', 1);
  const jobTemplate = objectAt(s, 'jobTemplate', 'spec');
  if (isObject(jobTemplate.template)) template(jobTemplate);
}

function service(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'sessionAffinity', 'None');
  fallback(s, 'type', 'ClusterIP');
  if (s.sessionAffinity === 'ClientIP') {
    const config = ensure(ensure(s, 'sessionAffinityConfig'), 'clientIP');
    fallback(config, 'timeoutSeconds', 10800);
  }
  for (const port of objects(s.ports)) {
    fallback(port, 'protocol', 'TCP');
    if (
      port.targetPort === undefined ||
      port.targetPort === 0 ||
      port.targetPort === ''
    ) {
      port.targetPort = port.port;
    }
  }
  if (s.type === 'NodePort' || s.type === 'LoadBalancer') {
    fallback(s, 'externalTrafficPolicy', 'Cluster');
  }
  if (s.type === 'LoadBalancer') {
    fallback(s, 'allocateLoadBalancerNodePorts', true);
  }
  if (s.type !== 'ExternalName')
    fallback(s, 'internalTrafficPolicy', 'Cluster');
}

function persistentVolumeClaim(object: KubeObject) {
  fallback(spec(object), 'volumeMode', 'Filesystem');
  fallback(ensure(object, 'status'), 'phase', 'Pending');
}

function persistentVolume(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'persistentVolumeReclaimPolicy', 'Retain');
  fallback(s, 'volumeMode', 'Filesystem');
  fallback(ensure(object, 'status'), 'phase', 'Pending');
  if (isObject(s.hostPath) && s.hostPath.type === undefined)
    s.hostPath.type = '';
}

function namespace(object: KubeObject) {
  const labels = object.metadata.labels ?? {};
  if (object.metadata.name) {
    object.metadata.labels = {
      ...labels,
      'kubernetes.io/metadata.name': object.metadata.name,
    };
  }
  fallback(ensure(object, 'status'), 'phase', 'Active');
}

function endpoints(object: KubeObject) {
  for (const subset of objects(object.subsets)) {
    for (const port of objects(subset.ports)) fallback(port, 'protocol', 'TCP');
  }
}

function endpointSlice(object: KubeObject) {
  for (const port of objects(object.ports)) {
    if (port.name === undefined) port.name = '';
    fallback(port, 'protocol', 'TCP');
  }
}

function roleRef(object: KubeObject) {
  const ref = ensure(object, 'roleRef');
  fallback(ref, 'apiGroup', 'rbac.authorization.k8s.io');
  for (const subject of objects(object.subjects)) {
    if (subject.kind === 'User' || subject.kind === 'Group') {
      fallback(subject, 'apiGroup', 'rbac.authorization.k8s.io');
    }
  }
}

function storageClass(object: KubeObject) {
  fallback(object, 'reclaimPolicy', 'Delete');
  fallback(object, 'volumeBindingMode', 'Immediate');
}

function csiDriver(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'attachRequired', true);
  fallback(s, 'podInfoOnMount', false);
  fallback(s, 'storageCapacity', false);
  fallback(s, 'fsGroupPolicy', 'ReadWriteOnceWithFSType');
  fallback(s, 'requiresRepublish', false);
  fallback(s, 'seLinuxMount', false);
  if (!Array.isArray(s.volumeLifecycleModes))
    s.volumeLifecycleModes = ['Persistent'];
}

function horizontalPodAutoscaler(object: KubeObject) {
  const s = spec(object);
  fallback(s, 'minReplicas', 1);
  if (listAt(s, 'metrics').length === 0) {
    s.metrics = [
      {
        type: 'Resource',
        resource: {
          name: 'cpu',
          target: { type: 'Utilization', averageUtilization: 80 },
        },
      },
    ];
  }
  const behavior = s.behavior;
  if (isObject(behavior)) {
    const up = ensure(behavior, 'scaleUp');
    fallback(up, 'stabilizationWindowSeconds', 0);
    fallback(up, 'selectPolicy', 'Max');
    fallback(up, 'policies', [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ]);
    const down = ensure(behavior, 'scaleDown');
    fallback(down, 'selectPolicy', 'Max');
    fallback(down, 'policies', [
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ]);
  }
}

function networkPolicy(object: KubeObject) {
  const s = spec(object);
  const rules = [...objects(s.ingress), ...objects(s.egress)];
  for (const port of rules.flatMap(r => objects(r.ports))) {
    fallback(port, 'protocol', 'TCP');
  }
  if (listAt(s, 'policyTypes').length === 0) {
    s.policyTypes = ['Ingress', ...(s.egress === undefined ? [] : ['Egress'])];
  }
}

function priorityClass(object: KubeObject) {
  fallback(object, 'preemptionPolicy', 'PreemptLowerPriority');
}

function secret(object: KubeObject) {
  fallback(object, 'type', 'Opaque');
  const plain = object.stringData;
  if (isObject(plain)) {
    const data = ensure(object, 'data');
    for (const key of Object.keys(plain)) {
      data[key] = Buffer.from(String(plain[key]), 'utf8').toString('base64');
    }
    delete object.stringData;
  }
}

function pod(object: KubeObject) {
  defaultPodSpec(spec(object));
  defaultPodContainers(spec(object));
  fallback(spec(object), 'enableServiceLinks', true);
  fallback(ensure(object, 'status'), 'phase', 'Pending');
}

function node(object: KubeObject) {
  const status = ensure(object, 'status');
  if (status.allocatable === undefined && isObject(status.capacity)) {
    status.allocatable = { ...status.capacity };
  }
}

function customResourceDefinition(object: KubeObject) {
  const s = spec(object);
  const names = ensure(s, 'names');
  if (typeof names.kind === 'string' && names.kind) {
    fallback(names, 'singular', names.kind.toLowerCase());
    fallback(names, 'listKind', `${names.kind}List`);
  }
  if (s.conversion === undefined) s.conversion = { strategy: 'None' };
}

const defaulters: { [collection: string]: Defaulter } = {
  pods: pod,
  podtemplates: object => template(object),
  services: service,
  persistentvolumeclaims: persistentVolumeClaim,
  persistentvolumes: persistentVolume,
  namespaces: namespace,
  nodes: node,
  endpoints,
  secrets: secret,
  replicationcontrollers: replicationController,
  'deployments.apps': deployment,
  'statefulsets.apps': statefulSet,
  'daemonsets.apps': daemonSet,
  'replicasets.apps': replicaSet,
  'jobs.batch': job,
  'cronjobs.batch': cronJob,
  'horizontalpodautoscalers.autoscaling': horizontalPodAutoscaler,
  'networkpolicies.networking.k8s.io': networkPolicy,
  'rolebindings.rbac.authorization.k8s.io': roleRef,
  'clusterrolebindings.rbac.authorization.k8s.io': roleRef,
  'storageclasses.storage.k8s.io': storageClass,
  'csidrivers.storage.k8s.io': csiDriver,
  'endpointslices.discovery.k8s.io': endpointSlice,
  'priorityclasses.scheduling.k8s.io': priorityClass,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinition,
};

/** Fills in what the API server fills in for a built-in kind, in place (kubernetes pkg/apis/<group>/v1/defaults.go). */
export function applyDefaults(collection: string, object: KubeObject) {
  defaulters[collection]?.(object);
}

/** Whether two objects differ in their spec-like part: everything but metadata and status. */
export function specChanged(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _a, status: _sa, ...left } = a;
  const { metadata: _b, status: _sb, ...right } = b;
  return !equal(left, right);
}
