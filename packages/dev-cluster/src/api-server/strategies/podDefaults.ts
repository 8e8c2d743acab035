import { isObject, JsonObject, listAt, objectAt } from '../json';

/** Sets a field that is absent. */
export function fallback(target: JsonObject, field: string, value: unknown) {
  if (target[field] === undefined || target[field] === '') {
    target[field] = value;
  }
}

/** The object at a field, made there if absent. */
export function ensure(target: JsonObject, field: string): JsonObject {
  if (!isObject(target[field])) target[field] = {};
  return target[field] as JsonObject;
}

export function objects(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_PodSpec and what it visits). */
export function defaultPodSpec(spec: JsonObject) {
  fallback(spec, 'dnsPolicy', 'ClusterFirst');
  fallback(spec, 'restartPolicy', 'Always');
  fallback(spec, 'securityContext', {});
  fallback(spec, 'terminationGracePeriodSeconds', 30);
  fallback(spec, 'schedulerName', 'default-scheduler');
  const names = [spec.serviceAccountName, spec.serviceAccount];
  const account = names.find(n => typeof n === 'string' && n !== '');
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const container of [
    ...objects(spec.initContainers),
    ...objects(spec.containers),
  ]) {
    defaultContainer(container);
  }
  for (const volume of objects(spec.volumes)) defaultVolume(volume);
}

function defaultContainer(container: JsonObject) {
  const image = typeof container.image === 'string' ? container.image : '';
  const lastPart = image.slice(image.lastIndexOf('/') + 1);
  const latest =
    !image.includes('@') &&
    (!lastPart.includes(':') || lastPart.endsWith(':latest'));
  fallback(container, 'imagePullPolicy', latest ? 'Always' : 'IfNotPresent');
  fallback(container, 'terminationMessagePath', '/dev/termination-log');
  fallback(container, 'terminationMessagePolicy', 'File');
  for (const port of objects(container.ports)) {
    fallback(port, 'protocol', 'TCP');
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isObject(container[probe]))
      defaultProbe(container[probe] as JsonObject);
  }
  const lifecycle = objectAt(container, 'lifecycle');
  for (const hook of ['postStart', 'preStop']) {
    const action = objectAt(lifecycle, hook).httpGet;
    if (isObject(action)) defaultHttpGet(action);
  }
  for (const variable of objects(container.env)) {
    const fieldRef = objectAt(variable, 'valueFrom').fieldRef;
    if (isObject(fieldRef)) fallback(fieldRef, 'apiVersion', 'v1');
  }
}

/**
 * Only in a Pod, not in a template, limits stand in for requests that are absent, and the host's network takes the
 * containers' ports (SetDefaults_Pod).
 */
export function defaultPodContainers(spec: JsonObject) {
  for (const container of [
    ...objects(spec.initContainers),
    ...objects(spec.containers),
  ]) {
    if (spec.hostNetwork === true) {
      for (const port of objects(container.ports)) {
        fallback(port, 'hostPort', port.containerPort);
      }
    }
    const resources = objectAt(container, 'resources');
    const limits = objectAt(resources, 'limits');
    if (Object.keys(limits).length === 0) continue;
    const requests = ensure(resources, 'requests');
    for (const name of Object.keys(limits)) {
      fallback(requests, name, limits[name]);
    }
  }
}

function defaultHttpGet(action: JsonObject) {
  fallback(action, 'path', '/');
  fallback(action, 'scheme', 'HTTP');
}

function defaultProbe(probe: JsonObject) {
  for (const [field, value] of [
    ['timeoutSeconds', 1],
    ['periodSeconds', 10],
    ['successThreshold', 1],
    ['failureThreshold', 3],
  ] as const) {
    if (!probe[field]) probe[field] = value;
  }
  if (isObject(probe.httpGet)) defaultHttpGet(probe.httpGet);
  if (isObject(probe.grpc)) {
    const grpc = probe.grpc;
    if (grpc.service === undefined) grpc.service = '';
  }
}

const sources = [
  'hostPath',
  'emptyDir',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'persistentVolumeClaim',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'downwardAPI',
  'fc',
  'azureFile',
  'configMap',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'projected',
  'portworxVolume',
  'scaleIO',
  'storageos',
  'csi',
  'ephemeral',
  'image',
];

function defaultVolume(volume: JsonObject) {
  if (!sources.some(s => volume[s] !== undefined)) volume.emptyDir = {};
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    if (isObject(volume[source])) {
      fallback(volume[source] as JsonObject, 'defaultMode', 0o644);
    }
  }
  if (isObject(volume.hostPath)) {
    const { hostPath } = volume;
    if (hostPath.type === undefined) hostPath.type = '';
  }
  for (const file of objects(listAt(volume, 'downwardAPI', 'items'))) {
    if (isObject(file.fieldRef)) fallback(file.fieldRef, 'apiVersion', 'v1');
  }
  for (const source of objects(listAt(volume, 'projected', 'sources'))) {
    const token = source.serviceAccountToken;
    if (isObject(token)) fallback(token, 'expirationSeconds', 3600);
    for (const file of objects(listAt(source, 'downwardAPI', 'items'))) {
      if (isObject(file.fieldRef)) fallback(file.fieldRef, 'apiVersion', 'v1');
    }
  }
  const claim = objectAt(volume, 'ephemeral', 'volumeClaimTemplate').spec;
  if (isObject(claim)) fallback(claim, 'volumeMode', 'Filesystem');
}
