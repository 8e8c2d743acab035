import { objectAt, objectsAt, stringAt, valueAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { StoppedWorkload } from './InPlaceState';

/** What uses claims, and what is in the way of stopping it. */
export interface ClaimUsers {
  /** In the order in which they are stopped; started again the other way round. */
  workloads: StoppedWorkload[];
  /** One sentence each, for people. */
  problems: string[];
  /** Nodes on which pods use a claim, by the claim's name. */
  nodes: Map<string, string>;
}

/** Kinds whose pods stop when `spec.replicas` is 0. */
const scaled = new Set([
  'Deployment',
  'DeploymentConfig',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
]);

/** Kinds whose pods stop when `spec.suspend` is true. */
const suspended = new Set(['CronJob', 'Job']);

/** Stopped first to last: what others call last, so that data stores go last and come first. */
const stopOrder = [
  'CronJob',
  'Job',
  'Deployment',
  'DeploymentConfig',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
];

/**
 * Finds the workloads that must be stopped before the volumes of claims can be exchanged. Pure.
 *
 * @param claims - names
 * @param objects - all pods and workloads of the namespace
 */
export function findClaimUsers(
  claims: ReadonlySet<string>,
  objects: readonly KubernetesObject[],
): ClaimUsers {
  const byUid = new Map(
    objects.map(object => [object.metadata.uid ?? '', object]),
  );
  const found = new Map<string, KubernetesObject>();
  const problems = new Set<string>();
  const nodes = new Map<string, string>();
  const addRoot = (object: KubernetesObject) => {
    const root = rootOf(object, byUid);
    if (root.kind === 'Pod' || root.kind === 'DaemonSet') {
      problems.add(reasonAgainst(root));
    } else {
      found.set(root.metadata.uid ?? '', root);
    }
  };
  for (const object of objects) {
    const used = claimsOf(object).filter(name => claims.has(name));
    if (object.kind === 'Pod') {
      if (used.length > 0 && !hasEnded(object)) {
        const node = stringAt(object, 'spec', 'nodeName');
        used.forEach(name => node && nodes.set(name, node));
        addRoot(object);
      }
    } else if (usesClaim(object, used, claims)) {
      addRoot(object);
    }
  }
  const workloads = [...found.values()]
    .map(stopped)
    .filter((entry): entry is StoppedWorkload => entry !== undefined)
    .sort(
      (left, right) =>
        stopOrder.indexOf(left.kind) - stopOrder.indexOf(right.kind) ||
        left.name.localeCompare(right.name),
    );
  return { workloads, problems: [...problems], nodes };
}

/** Pods that still hold a claim. */
export function podsUsing(
  claims: ReadonlySet<string>,
  pods: readonly KubernetesObject[],
): KubernetesObject[] {
  return pods.filter(
    pod => !hasEnded(pod) && claimsOf(pod).some(name => claims.has(name)),
  );
}

function reasonAgainst({ kind, metadata }: KubernetesObject): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (kind === 'DaemonSet') {
    return `DaemonSet ${metadata.name} uses the claim and cannot be scaled down`;
  }
  return owner
    ? `pod ${metadata.name} uses the claim and belongs to ${owner.kind} ${owner.name}, which cannot be scaled down`
    : `pod ${metadata.name} uses the claim, and no workload would make it again: delete it first`;
}

function hasEnded(pod: KubernetesObject): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The topmost owner that is known; a workload that an operator owns is stopped itself. */
function rootOf(
  object: KubernetesObject,
  byUid: ReadonlyMap<string, KubernetesObject>,
): KubernetesObject {
  let root = object;
  for (let depth = 0; depth < 5; depth += 1) {
    const owner = root.metadata.ownerReferences?.find(
      ({ controller }) => controller,
    );
    const known = owner && byUid.get(owner.uid);
    if (!known) {
      return root;
    }
    root = known;
  }
  return root;
}

function claimsOf(object: KubernetesObject): string[] {
  const spec = objectAt(object, 'spec');
  const podSpecs =
    object.kind === 'Pod'
      ? [spec]
      : [
          objectAt(spec, 'template', 'spec'),
          objectAt(spec, 'jobTemplate', 'spec', 'template', 'spec'),
        ];
  return podSpecs.flatMap(podSpec =>
    objectsAt(podSpec, 'volumes').flatMap(volume => {
      const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
      return name ? [name] : [];
    }),
  );
}

function usesClaim(
  object: KubernetesObject,
  used: readonly string[],
  claims: ReadonlySet<string>,
): boolean {
  if (
    object.kind === 'Job' &&
    (stringAt(object, 'status', 'completionTime') ||
      objectsAt(object, 'status', 'conditions').some(
        ({ type, status }) => type === 'Failed' && status === 'True',
      ))
  ) {
    return false;
  }
  if (used.length > 0) {
    return true;
  }
  if (object.kind !== 'StatefulSet') {
    return false;
  }
  return objectsAt(object, 'spec', 'volumeClaimTemplates').some(template => {
    const start = `${stringAt(template, 'metadata', 'name')}-${
      object.metadata.name
    }-`;
    return [...claims].some(
      name => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)),
    );
  });
}

/** How a workload is before it is stopped; undefined when it is stopped already. */
function stopped(object: KubernetesObject): StoppedWorkload | undefined {
  const { apiVersion, kind, metadata } = object;
  const entry = {
    apiVersion,
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
  };
  if (scaled.has(kind)) {
    const replicas = Number(valueAt(object, 'spec', 'replicas') ?? 1);
    return replicas > 0 ? { ...entry, replicas } : undefined;
  }
  if (suspended.has(kind)) {
    return valueAt(object, 'spec', 'suspend') === true
      ? undefined
      : { ...entry, suspended: true };
  }
  return undefined;
}
