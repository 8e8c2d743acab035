import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** What of a batch/v1 Job maintenance looks at. */
export interface Job extends KubernetesObject {
  spec?: { [field: string]: unknown };
  status?: {
    startTime?: string;
    completionTime?: string;
    conditions?: {
      type: string;
      status: string;
      reason?: string;
      message?: string;
      lastTransitionTime?: string;
    }[];
  };
}

/** How a Job ended; undefined while it has not. */
export function jobEnd(
  job: Job,
): { succeeded: boolean; at: string; message: string } | undefined {
  const end = job.status?.conditions?.find(
    ({ type, status }) =>
      status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  if (!end) return undefined;
  return {
    succeeded: end.type === 'Complete',
    at:
      job.status?.completionTime ??
      end.lastTransitionTime ??
      job.metadata.creationTimestamp ??
      '',
    message: end.message ?? end.reason ?? '',
  };
}
