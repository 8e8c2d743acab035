import {
  condition,
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../controllers/Workload';

/** What the kubelet knows of one container. */
export interface ContainerRecord {
  container: Container;
  /** Init containers run before the others; those with restart policy Always stay. */
  kind: 'init' | 'sidecar' | 'main';
  state: ContainerState;
  lastState: ContainerState;
  ready: boolean;
  started: boolean;
  restartCount: number;
  containerId?: string;
}

export function newRecord(
  container: Container,
  kind: ContainerRecord['kind'],
): ContainerRecord {
  return {
    container,
    kind,
    state: {
      waiting: {
        reason: kind === 'main' ? 'ContainerCreating' : 'PodInitializing',
      },
    },
    lastState: {},
    ready: false,
    started: false,
    restartCount: 0,
  };
}

function statusOf(record: ContainerRecord): ContainerStatus {
  const image = record.container.image ?? '';
  return {
    name: record.container.name,
    image,
    imageID: image,
    ...(record.containerId ? { containerID: record.containerId } : {}),
    ready: record.ready,
    started: record.started,
    restartCount: record.restartCount,
    state: record.state,
    lastState: record.lastState,
  };
}

/** Kubernetes: Guaranteed, Burstable or BestEffort by requests and limits. */
export function qosClass(pod: Pod): string {
  const containers = [
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.containers ?? []),
  ];
  const any = containers.some(
    container =>
      Object.keys(container.resources?.requests ?? {}).length > 0 ||
      Object.keys(container.resources?.limits ?? {}).length > 0,
  );
  if (!any) return 'BestEffort';
  const guaranteed = containers.every(container =>
    ['cpu', 'memory'].every(resource => {
      const limit = container.resources?.limits?.[resource];
      const request = container.resources?.requests?.[resource] ?? limit;
      return limit !== undefined && limit === request;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** The phase of a pod from its containers. */
export function phaseOf(pod: Pod, records: ContainerRecord[]): string {
  const main = records.filter(record => record.kind === 'main');
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const failedInit = records.some(
    record =>
      record.kind === 'init' &&
      record.state.terminated &&
      record.state.terminated.exitCode !== 0 &&
      policy === 'Never',
  );
  if (failedInit) return 'Failed';
  const ended = main.filter(record => record.state.terminated);
  if (policy !== 'Always' && main.length > 0 && ended.length === main.length) {
    const succeeded = ended.every(
      record => record.state.terminated?.exitCode === 0,
    );
    if (succeeded) return 'Succeeded';
    if (policy === 'Never') return 'Failed';
  }
  const begun = main.some(
    record =>
      record.state.running ||
      record.state.terminated ||
      record.restartCount > 0,
  );
  return begun ? 'Running' : 'Pending';
}

/** The whole status of a pod on the node. */
export function podStatus(
  pod: Pod,
  records: ContainerRecord[],
  address: { podIP?: string; hostIP: string },
  time: string,
): PodStatus {
  const phase = phaseOf(pod, records);
  const main = records.filter(record => record.kind === 'main');
  const initialized = records
    .filter(record => record.kind !== 'main')
    .every(record =>
      record.kind === 'sidecar'
        ? record.started
        : record.state.terminated?.exitCode === 0,
    );
  const unready = main
    .filter(record => !record.ready)
    .map(record => record.container.name);
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const ready = unready.length === 0 && !finished;
  const notReady = finished
    ? { reason: 'PodCompleted' }
    : {
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      };
  const before = pod.status?.conditions;
  const podCondition = (type: string, value: boolean, why: object = {}) =>
    condition(
      before,
      {
        type,
        status: value ? 'True' : 'False',
        lastProbeTime: null,
        ...(value ? {} : why),
      },
      time,
    );
  const incomplete = {
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status',
  };
  return {
    phase,
    conditions: [
      podCondition('PodReadyToStartContainers', true),
      podCondition('Initialized', initialized, incomplete),
      podCondition('Ready', ready, notReady),
      podCondition('ContainersReady', ready, notReady),
      podCondition('PodScheduled', true),
    ],
    hostIP: address.hostIP,
    hostIPs: [{ ip: address.hostIP }],
    ...(address.podIP
      ? { podIP: address.podIP, podIPs: [{ ip: address.podIP }] }
      : {}),
    startTime: pod.status?.startTime ?? time,
    ...(pod.status?.qosClass ? {} : { qosClass: qosClass(pod) }),
    containerStatuses: main.map(statusOf),
    ...(records.length > main.length
      ? {
          initContainerStatuses: records
            .filter(record => record.kind !== 'main')
            .map(statusOf),
        }
      : {}),
  };
}
