import { ApiContext, timestamp } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import {
  badRequest,
  conflict,
  forbidden,
  invalidOption,
  notFound,
  unsupportedValue,
} from '../StatusError';
import {
  equal,
  isObject,
  JsonObject,
  listAt,
  objectAt,
  stringAt,
} from '../json';
import { ResourceType } from '../resources/ResourceType';
import { toServed } from '../convert/versions';
import { factsOf } from '../strategies/facts';
import { dryRunOf } from './decodeObject';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
const immortal = ['default', 'kube-system', 'kube-public'];

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions: { uid?: string; resourceVersion?: string };
  dryRun: boolean;
}

/** Options of a DELETE from its body, else from its query. Throws 400 for nonsense. */
export function parseDeleteOptions(
  body: unknown,
  query: URLSearchParams,
): DeleteOptions {
  const from: JsonObject = isObject(body) ? body : {};
  const grace = from.gracePeriodSeconds ?? query.get('gracePeriodSeconds');
  const policy = from.propagationPolicy ?? query.get('propagationPolicy');
  const orphan = from.orphanDependents ?? query.get('orphanDependents');
  const dryRun = [...listAt(from, 'dryRun'), ...query.getAll('dryRun')];
  const chosen = policy || (String(orphan) === 'true' ? 'Orphan' : undefined);
  if (
    chosen !== undefined &&
    !['Orphan', 'Background', 'Foreground'].includes(String(chosen))
  ) {
    throw invalidOption(
      'DeleteOptions',
      unsupportedValue('propagationPolicy', chosen, [
        'Foreground',
        'Background',
        'Orphan',
        'nil',
      ]),
    );
  }
  if (grace !== null && grace !== undefined && !/^\d+$/.test(String(grace))) {
    throw badRequest(`gracePeriodSeconds is not a number of seconds: ${grace}`);
  }
  const preconditions = objectAt(from, 'preconditions');
  return {
    gracePeriodSeconds:
      grace === null || grace === undefined ? undefined : Number(grace),
    propagationPolicy: chosen as DeleteOptions['propagationPolicy'],
    preconditions: {
      uid: stringAt(preconditions, 'uid') || undefined,
      resourceVersion: stringAt(preconditions, 'resourceVersion') || undefined,
    },
    dryRun: dryRunOf(dryRun),
  };
}

/** DELETE of one object: the object as it is then, and whether it is gone. */
export function deleteObject(
  context: ApiContext,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): { object: KubeObject; gone: boolean } {
  const old = context.storage.get(type.collection, namespace, name);
  if (!old) throw notFound(type, name);
  if (type.collection === 'namespaces' && immortal.includes(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
  checkPreconditions(type, old, options);
  const next = markDeleted(context, type, old, options);
  if (options.dryRun)
    return { object: toServed(type, next), gone: isGone(next, type) };
  const last = withoutMarks(type, old, next);
  if (isGone(next, type)) {
    finishDeletion(context, type, next, last);
    return { object: toServed(type, last), gone: true };
  }
  if (next === old) return { object: toServed(type, old), gone: false };
  const stored = context.storage.put(type.collection, next);
  if (type.collection === definitions) context.onDefinitionChange();
  return { object: toServed(type, stored), gone: false };
}

/** What goes at once was never marked; only of a pod, which ends gracefully, the marks are always seen. */
function withoutMarks(
  type: ResourceType,
  old: KubeObject,
  next: KubeObject,
): KubeObject {
  return type.collection === 'pods' || old.metadata.deletionTimestamp
    ? next
    : old;
}

function checkPreconditions(
  type: ResourceType,
  object: KubeObject,
  { preconditions }: DeleteOptions,
) {
  const { name, uid, resourceVersion } = object.metadata;
  if (preconditions.uid && preconditions.uid !== uid) {
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  }
  if (
    preconditions.resourceVersion &&
    preconditions.resourceVersion !== resourceVersion
  ) {
    throw conflict(
      type,
      name,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  }
}

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** The object with its deletion asked for; the same object where that changes nothing. */
function markDeleted(
  context: ApiContext,
  type: ResourceType,
  old: KubeObject,
  options: DeleteOptions,
): KubeObject {
  const finalizers = new Set(old.metadata.finalizers ?? []);
  const policy =
    options.propagationPolicy ??
    (factsOf(type.collection, type.custom !== undefined).orphansByDefault
      ? 'Orphan'
      : undefined);
  if (policy) {
    finalizers.delete(foreground);
    finalizers.delete(orphan);
    if (policy === 'Foreground') finalizers.add(foreground);
    if (policy === 'Orphan') finalizers.add(orphan);
  }
  const grace = gracePeriod(type, old, options);
  const before = old.metadata.deletionGracePeriodSeconds;
  const started = old.metadata.deletionTimestamp !== undefined;
  if (
    started &&
    (before ?? 0) <= grace &&
    equal([...finalizers], old.metadata.finalizers ?? [])
  ) {
    return old;
  }
  const seconds = started ? Math.min(before ?? 0, grace) : grace;
  const next: KubeObject = {
    ...old,
    metadata: {
      ...old.metadata,
      deletionTimestamp: timestamp(
        new Date(context.clock().getTime() + seconds * 1000),
      ),
      deletionGracePeriodSeconds: seconds,
      finalizers: [...finalizers],
    },
  };
  if (started && seconds === before) {
    next.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
  }
  if (finalizers.size === 0) delete next.metadata.finalizers;
  if (next.metadata.generation !== undefined && !started) {
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  if (type.collection === 'namespaces') {
    next.status = { ...objectAt(old, 'status'), phase: 'Terminating' };
    delete next.metadata.deletionGracePeriodSeconds;
  }
  if (type.collection === definitions) {
    next.metadata.finalizers = [
      ...new Set([
        ...(next.metadata.finalizers ?? []),
        'customresourcecleanup.apiextensions.k8s.io',
      ]),
    ];
  }
  return next;
}

/** Only pods end gracefully, and only when a kubelet has them. */
function gracePeriod(
  type: ResourceType,
  object: KubeObject,
  options: DeleteOptions,
): number {
  if (type.collection !== 'pods') return 0;
  const phase = objectAt(object, 'status').phase;
  const scheduled = stringAt(object, 'spec', 'nodeName') !== '';
  if (!scheduled || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = objectAt(object, 'spec').terminationGracePeriodSeconds;
  return options.gracePeriodSeconds ?? (typeof own === 'number' ? own : 30);
}

function isGone(object: KubeObject, type: ResourceType): boolean {
  const { metadata } = object;
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    !(
      type.collection === 'namespaces' &&
      listAt(object, 'spec', 'finalizers').length > 0
    )
  );
}

/** Removes an object whose deletion was asked for and which nothing holds any more; says whether it did. */
export function finishDeletion(
  context: ApiContext,
  type: ResourceType,
  object: KubeObject,
  last = object,
): boolean {
  if (!isGone(object, type)) return false;
  context.storage.remove(type.collection, last);
  if (type.collection === definitions || type.custom) {
    context.onDefinitionChange();
  }
  return true;
}

/** The Status that answers a DELETE after which nothing is left. */
export function deletedStatus(
  type: ResourceType,
  object: KubeObject,
): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(type.group ? { group: type.group } : {}),
      kind: type.plural,
      uid: object.metadata.uid,
    },
  };
}
