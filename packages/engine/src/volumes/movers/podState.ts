import type { Pod } from './Pod';

/** What a mover's pod is doing. */
export type PodState =
  | { state: 'absent' }
  /** `problem`: why it will never run. */
  | { state: 'starting'; problem?: string }
  | { state: 'running'; node: string }
  | { state: 'ended' }
  | { state: 'lost'; reason: string };

/** Reasons of waiting containers that no waiting cures (Velero: unrecoverable pods). */
export const hopelessReasons: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerError',
]);

/** A volume or a node may still come; after this time nobody believes in it. */
const unschedulableForMs = 120_000;

/** After the end of a deletion's grace the node should have answered. */
const goneNodeMs = 30_000;

/**
 * @param pod - as it is; undefined when it does not exist
 * @param now - milliseconds since 1970
 * @param waitsForClaim - its claim is not bound yet, so that it cannot be scheduled for a good reason
 */
export function podState(
  pod: Pod | undefined,
  now: number,
  waitsForClaim: boolean,
): PodState {
  if (!pod) return { state: 'absent' };
  const { metadata, spec, status } = pod;
  const [container] = status?.containerStatuses ?? [];
  const hasEnded =
    status?.phase === 'Succeeded' ||
    status?.phase === 'Failed' ||
    container?.state?.terminated !== undefined;
  if (hasEnded) return { state: 'ended' };
  if (metadata.deletionTimestamp) {
    return now - Date.parse(metadata.deletionTimestamp) > goneNodeMs
      ? {
          state: 'lost',
          reason: `pod ${metadata.name} is being deleted and its node ${spec.nodeName} does not answer`,
        }
      : { state: 'starting' };
  }
  if (status?.phase === 'Unknown') {
    return {
      state: 'lost',
      reason: `the state of pod ${metadata.name} cannot be obtained from node ${spec.nodeName}`,
    };
  }
  if (status?.phase === 'Running' && spec.nodeName) {
    return { state: 'running', node: spec.nodeName };
  }
  const problem = startProblem(pod, now, waitsForClaim);
  return { state: 'starting', ...(problem ? { problem } : {}) };
}

function startProblem(
  pod: Pod,
  now: number,
  waitsForClaim: boolean,
): string | undefined {
  for (const container of pod.status?.containerStatuses ?? []) {
    const waiting = container.state?.waiting;
    if (waiting?.reason && hopelessReasons.has(waiting.reason)) {
      return `${waiting.reason}${
        waiting.message ? `: ${waiting.message}` : ''
      }`;
    }
  }
  const scheduled = pod.status?.conditions?.find(
    condition => condition.type === 'PodScheduled',
  );
  const isUnschedulable =
    scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  const since = scheduled?.lastTransitionTime ?? pod.metadata.creationTimestamp;
  if (
    isUnschedulable &&
    !waitsForClaim &&
    since &&
    now - Date.parse(since) > unschedulableForMs
  ) {
    return `no node can run it: ${scheduled.message ?? 'Unschedulable'}`;
  }
  return undefined;
}
