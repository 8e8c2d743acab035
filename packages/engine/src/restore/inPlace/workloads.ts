import { valueAt } from '../../backup/jsonPath';
import { isForbidden } from '../../cluster/ApiError';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import type { Discovery } from '../../cluster/Discovery';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { podsUsing } from './claimUsers';
import type { StoppedWorkload } from './InPlaceState';

/** Types whose objects run pods. */
const workloadTypes = [
  'pods',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'replicasets.apps',
  'replicationcontrollers',
  'jobs.batch',
  'cronjobs.batch',
  'deploymentconfigs.apps.openshift.io',
];

/** How long pods may take to end after their workload was stopped. */
const podsGoneMs = 10 * 60_000;

interface Reach {
  client: ClusterClient;
  signal: AbortSignal;
}

/** All pods and workloads of a namespace. */
export async function listWorkloads(
  namespace: string,
  discovery: Discovery,
  { client, signal }: Reach,
): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  for (const name of workloadTypes) {
    const type = discovery.find(name);
    if (!type) {
      continue;
    }
    try {
      for await (const object of client.list(type, { namespace, signal })) {
        found.push({
          ...object,
          apiVersion:
            object.apiVersion ??
            (type.group ? `${type.group}/${type.version}` : type.version),
          kind: object.kind ?? type.kind,
        });
      }
    } catch (error) {
      if (!isForbidden(error) || name === 'pods') {
        throw error;
      }
    }
  }
  return found;
}

/** Stops a workload. What it was like before is the caller's to remember. */
export async function stopWorkload(
  workload: StoppedWorkload,
  namespace: string,
  discovery: Discovery,
  reach: Reach,
): Promise<void> {
  await patchWorkload(
    workload,
    namespace,
    discovery,
    reach,
    workload.suspended ? { suspend: true } : { replicas: 0 },
  );
}

/**
 * Starts a workload again as it was, unless somebody has started it meanwhile.
 *
 * @returns whether there was anything to start
 */
export async function startWorkload(
  workload: StoppedWorkload,
  namespace: string,
  discovery: Discovery,
  reach: Reach,
): Promise<boolean> {
  if (!(await isStopped(workload, namespace, discovery, reach))) {
    return false;
  }
  await patchWorkload(
    workload,
    namespace,
    discovery,
    reach,
    workload.suspended
      ? { suspend: false }
      : { replicas: workload.replicas ?? 1 },
  );
  return true;
}

/** Whether a workload is there and stopped. */
export async function isStopped(
  workload: StoppedWorkload,
  namespace: string,
  discovery: Discovery,
  { client, signal }: Reach,
): Promise<boolean> {
  const type = discovery.forKind(workload.apiVersion, workload.kind);
  const live =
    type &&
    (await client.get(type, { namespace, name: workload.name }, { signal }));
  return workload.suspended
    ? valueAt(live, 'spec', 'suspend') === true
    : valueAt(live, 'spec', 'replicas') === 0;
}

async function patchWorkload(
  workload: StoppedWorkload,
  namespace: string,
  discovery: Discovery,
  { client, signal }: Reach,
  spec: { suspend: boolean } | { replicas: number },
): Promise<void> {
  const type = discovery.forKind(workload.apiVersion, workload.kind);
  if (!type) {
    throw new Error(
      `${workload.apiVersion} ${workload.kind} is not served any more`,
    );
  }
  await client.patch(
    type,
    { namespace, name: workload.name },
    { contentType: 'merge', body: { spec } },
    { signal },
  );
}

/**
 * Waits until no pod holds the claims.
 *
 * @throws Error naming the pods when they do not end in time
 */
export async function waitForPodsToEnd(
  claims: ReadonlySet<string>,
  namespace: string,
  { client, signal, clock }: Reach & { clock: Clock },
  timeoutMs = podsGoneMs,
): Promise<void> {
  const until = clock.monotonic() + timeoutMs;
  for (;;) {
    const pods: KubernetesObject[] = [];
    for await (const pod of client.list(coreTypes.pods, {
      namespace,
      signal,
    })) {
      pods.push({ ...pod, kind: 'Pod' });
    }
    const left = podsUsing(claims, pods);
    if (left.length === 0) {
      return;
    }
    if (clock.monotonic() >= until) {
      throw new Error(
        `${left
          .map(pod => `pod ${pod.metadata.name}`)
          .join(', ')} did not end within ${timeoutMs / 60_000} minutes`,
      );
    }
    await clock.sleep(250, signal);
  }
}
