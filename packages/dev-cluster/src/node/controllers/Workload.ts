import {
  V1Container,
  V1CronJobSpec,
  V1CronJobStatus,
  V1DaemonSetSpec,
  V1DaemonSetStatus,
  V1DeploymentSpec,
  V1JobSpec,
  V1PodSpec,
  V1ReplicaSetSpec,
  V1StatefulSetSpec,
  V1StatefulSetStatus,
} from '@kubernetes/client-node';
import { Metadata, Resource } from '../api/Resource';

/** A condition as it is in JSON: times are text. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
  lastProbeTime?: string | null;
  observedGeneration?: number;
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    reason?: string;
    message?: string;
    signal?: number;
    startedAt?: string;
    finishedAt?: string;
    containerID?: string;
  };
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

export interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: Condition[];
  podIP?: string;
  podIPs?: { ip: string }[];
  hostIP?: string;
  hostIPs?: { ip: string }[];
  startTime?: string;
  qosClass?: string;
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

/** The parts of a pod template, with metadata as it is in JSON. */
export interface PodTemplate {
  metadata?: Partial<Metadata>;
  spec?: V1PodSpec;
}

export interface ReplicaStatus {
  replicas?: number;
  fullyLabeledReplicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  observedGeneration?: number;
  collisionCount?: number;
  conditions?: Condition[];
}

export interface JobStatus {
  active?: number;
  ready?: number;
  succeeded?: number;
  failed?: number;
  terminating?: number;
  startTime?: string;
  completionTime?: string;
  conditions?: Condition[];
  uncountedTerminatedPods?: object;
}

type WithTemplate<Spec> = Omit<Spec, 'template'> & { template: PodTemplate };

export type Pod = Resource<V1PodSpec, PodStatus>;
export type Deployment = Resource<
  WithTemplate<V1DeploymentSpec>,
  ReplicaStatus
>;
export type ReplicaSet = Resource<
  WithTemplate<V1ReplicaSetSpec>,
  ReplicaStatus
>;
export type StatefulSet = Resource<
  WithTemplate<V1StatefulSetSpec>,
  Omit<V1StatefulSetStatus, 'conditions'> & { conditions?: Condition[] }
>;
export type DaemonSet = Resource<
  WithTemplate<V1DaemonSetSpec>,
  V1DaemonSetStatus
>;
export type Job = Resource<WithTemplate<V1JobSpec>, JobStatus>;
export type CronJob = Resource<
  V1CronJobSpec,
  Omit<V1CronJobStatus, 'lastScheduleTime' | 'lastSuccessfulTime'> & {
    lastScheduleTime?: string;
    lastSuccessfulTime?: string;
  }
>;
export type Container = V1Container;

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    each => each.type === 'Ready' && each.status === 'True',
  );
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.metadata.deletionTimestamp;
}

/** The condition, keeping its transition time when the status has not changed. */
export function condition(
  before: Condition[] | undefined,
  next: Condition,
  now: string,
): Condition {
  const previous = before?.find(each => each.type === next.type);
  return {
    ...next,
    lastTransitionTime:
      previous?.status === next.status
        ? previous.lastTransitionTime ?? now
        : now,
  };
}
