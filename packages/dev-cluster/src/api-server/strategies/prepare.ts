import { KubeObject } from '../KubeObject';
import {
  clone,
  equal,
  isObject,
  JsonObject,
  listAt,
  objectAt,
  stringAt,
} from '../json';
import { hasSubresource, ResourceType } from '../resources/ResourceType';
import { ObjectStorage } from '../storage/ObjectStorage';
import { admitPod, qualityOfService } from './admitPod';
import { factsOf } from './facts';
import { specChanged } from './defaults';
import { ensure, objects } from './podDefaults';
import { allocateAddresses } from './serviceAddresses';

export interface PrepareContext {
  storage: ObjectStorage;
  now: string;
}

const addFinalizer = (object: KubeObject, name: string) => {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(name)) {
    object.metadata.finalizers = [...finalizers, name];
  }
};

const templateGeneration = 'deprecated.daemonset.template.generation';

type Preparer = (object: KubeObject, context: PrepareContext) => void;

const onCreate: { [collection: string]: Preparer } = {
  namespaces: object => {
    const spec = ensure(object, 'spec');
    const finalizers = listAt(spec, 'finalizers');
    if (!finalizers.includes('kubernetes')) {
      spec.finalizers = [...finalizers, 'kubernetes'];
    }
    object.status = { phase: 'Active' };
  },
  pods: (object, { storage }) => {
    admitPod(object, storage);
    object.status = {
      phase: 'Pending',
      qosClass: qualityOfService(objectAt(object, 'spec')),
    };
  },
  services: (object, { storage }) => {
    object.status = { loadBalancer: {} };
    allocateAddresses(object, undefined, storage);
  },
  persistentvolumeclaims: (object, { storage }) => {
    object.status = { phase: 'Pending' };
    addFinalizer(object, 'kubernetes.io/pvc-protection');
    const spec = ensure(object, 'spec');
    alignDataSources(spec);
    if (
      spec.storageClassName === undefined &&
      !object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class']
    ) {
      const found = defaultStorageClass(storage);
      if (found) spec.storageClassName = found;
    }
  },
  persistentvolumes: (object, { now }) => {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: now };
    addFinalizer(object, 'kubernetes.io/pv-protection');
  },
  'replicasets.apps': object => {
    object.status = { replicas: 0 };
  },
  'statefulsets.apps': object => {
    object.status = { replicas: 0, availableReplicas: 0 };
  },
  'jobs.batch': object => {
    object.status = {};
    selectOwnPods(object);
  },
  'daemonsets.apps': object => {
    object.status = {};
    object.metadata.annotations = {
      ...object.metadata.annotations,
      [templateGeneration]: '1',
    };
  },
  nodes: object => {
    const spec = ensure(object, 'spec');
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    const taints = objects(spec.taints);
    if (!taints.some(t => t.key === taint.key && t.effect === taint.effect)) {
      spec.taints = [...taints, taint];
    }
  },
  'customresourcedefinitions.apiextensions.k8s.io': object => {
    object.status = {
      conditions: [],
      acceptedNames: { plural: '', kind: '' },
      storedVersions: objectAt(object, 'spec').versions
        ? (objectAt(object, 'spec').versions as JsonObject[])
            .filter(v => v.storage === true)
            .map(v => stringAt(v, 'name'))
        : [],
    };
  },
};

/** `dataSource` and `dataSourceRef` say the same; the older one knows snapshots and claims only (pkg/api/persistentvolumeclaim). */
function alignDataSources(spec: JsonObject) {
  const { dataSource: old } = spec;
  if (isObject(old)) {
    const group = stringAt(old, 'apiGroup');
    const known =
      (old.kind === 'PersistentVolumeClaim' && group === '') ||
      (old.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io');
    if (!known) delete spec.dataSource;
  }
  const { dataSource, dataSourceRef } = spec;
  if (isObject(dataSource) && !isObject(dataSourceRef)) {
    spec.dataSourceRef = clone(dataSource);
  } else if (
    isObject(dataSourceRef) &&
    !isObject(dataSource) &&
    !dataSourceRef.namespace
  ) {
    spec.dataSource = clone(dataSourceRef);
  }
}

/** A Job's pods are found by its uid (pkg/registry/batch/job, generateSelector). */
function selectOwnPods(job: KubeObject) {
  const spec = ensure(job, 'spec');
  if (spec.manualSelector === true) return;
  const uid = job.metadata.uid ?? '';
  const metadata = ensure(ensure(spec, 'template'), 'metadata');
  metadata.labels = {
    ...objectAt(metadata, 'labels'),
    'controller-uid': uid,
    'job-name': job.metadata.name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
  };
  const selector = ensure(spec, 'selector');
  selector.matchLabels = {
    ...objectAt(selector, 'matchLabels'),
    'batch.kubernetes.io/controller-uid': uid,
  };
  if (Object.keys(job.metadata.labels ?? {}).length === 0) {
    job.metadata.labels = {
      ...(metadata.labels as { [name: string]: string }),
    };
  }
}

function defaultStorageClass(storage: ObjectStorage): string | undefined {
  return storage
    .list('storageclasses.storage.k8s.io')
    .filter(
      c =>
        c.metadata.annotations?.[
          'storageclass.kubernetes.io/is-default-class'
        ] === 'true',
    )
    .sort((a, b) =>
      (a.metadata.creationTimestamp ?? '') <
      (b.metadata.creationTimestamp ?? '')
        ? 1
        : -1,
    )[0]?.metadata.name;
}

/** Nodes may be made with their status: the kubelet does so. */
const keepsStatusOnCreate = new Set(['nodes']);

/** What storing a new object sets beside what the client sent. In place. */
export function prepareCreate(
  type: ResourceType,
  object: KubeObject,
  context: PrepareContext,
) {
  if (
    hasSubresource(type, 'status') &&
    !keepsStatusOnCreate.has(type.collection)
  ) {
    delete object.status;
  }
  if (factsOf(type.collection, type.custom !== undefined).generation) {
    object.metadata.generation = 1;
  }
  delete object.metadata.selfLink;
  onCreate[type.collection]?.(object, context);
}

/** Which part of an object a request may write. */
export type WritePart = 'main' | 'status' | 'finalize';

const onUpdate: {
  [collection: string]: (
    object: KubeObject,
    old: KubeObject,
    context: PrepareContext,
  ) => void;
} = {
  namespaces: (object, old) => {
    const { finalizers } = objectAt(old, 'spec');
    const spec = ensure(object, 'spec');
    if (finalizers === undefined) delete spec.finalizers;
    else spec.finalizers = finalizers;
  },
  services: (object, old, { storage }) =>
    allocateAddresses(object, old, storage),
  'daemonsets.apps': (object, old) => {
    const before = Number(old.metadata.annotations?.[templateGeneration] ?? 0);
    const changed = !equal(
      objectAt(object, 'spec').template,
      objectAt(old, 'spec').template,
    );
    object.metadata.annotations = {
      ...object.metadata.annotations,
      [templateGeneration]: String(changed ? before + 1 : before),
    };
  },
  'jobs.batch': (object, old) => {
    const spec = ensure(object, 'spec');
    if (!isObject(spec.selector)) {
      spec.selector = objectAt(old, 'spec').selector;
    }
  },
};

/** Puts back what this kind of update may not change, and counts the generation. Returns the object to store. */
export function prepareUpdate(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
  part: WritePart,
  context: PrepareContext,
): KubeObject {
  const custom = type.custom !== undefined;
  let result: KubeObject;
  if (part === 'status') {
    result = custom
      ? { ...clone(old), status: object.status }
      : { ...clone(old), metadata: object.metadata, status: object.status };
    if (result.status === undefined) delete result.status;
    if (custom)
      result.metadata.resourceVersion = object.metadata.resourceVersion;
    if (type.collection === 'persistentvolumes')
      keepPhaseTime(result, old, context);
  } else if (part === 'finalize') {
    result = {
      ...clone(old),
      spec: {
        ...objectAt(old, 'spec'),
        finalizers: listAt(object, 'spec', 'finalizers'),
      },
    };
  } else {
    result = object;
    if (hasSubresource(type, 'status')) {
      if (old.status === undefined) delete result.status;
      else result.status = old.status;
    }
    onUpdate[type.collection]?.(result, old, context);
  }
  const { metadata } = result;
  metadata.uid = old.metadata.uid;
  metadata.creationTimestamp = old.metadata.creationTimestamp;
  metadata.name = old.metadata.name;
  if (old.metadata.namespace) metadata.namespace = old.metadata.namespace;
  for (const field of [
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ] as const) {
    if (old.metadata[field] === undefined) delete metadata[field];
    else (metadata as JsonObject)[field] = old.metadata[field];
  }
  if (
    factsOf(type.collection, custom).generation &&
    countsAsChange(type, result, old)
  ) {
    metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  return result;
}

function countsAsChange(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
) {
  if (type.custom && !type.custom.hasStatus) {
    const { metadata: _a, apiVersion: _va, ...left } = object;
    const { metadata: _b, apiVersion: _vb, ...right } = old;
    return !equal(left, right);
  }
  if (type.collection === 'endpointslices.discovery.k8s.io') {
    return (
      specChanged(object, old) ||
      !equal(object.metadata.labels, old.metadata.labels)
    );
  }
  return (
    specChanged({ ...object, apiVersion: old.apiVersion }, old) ||
    // Deployment's strategy counts annotations too, for rollbacks of old.
    (type.collection === 'deployments.apps' &&
      !equal(object.metadata.annotations, old.metadata.annotations))
  );
}

function keepPhaseTime(
  object: KubeObject,
  old: KubeObject,
  { now }: PrepareContext,
) {
  const status = ensure(object, 'status');
  if (status.phase !== objectAt(old, 'status').phase) {
    status.lastPhaseTransitionTime = now;
  } else {
    const before = objectAt(old, 'status').lastPhaseTransitionTime;
    if (before !== undefined) status.lastPhaseTransitionTime = before;
  }
}
