import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import type { Pod } from '../../volumes/movers/Pod';
import { podState } from '../../volumes/movers/podState';
import { jobEnd, type Job } from './Job';

/** Pods that a Job has made. */
export async function podsOf(
  { client, namespace, signal }: ControllerContext,
  job: Job,
): Promise<Pod[]> {
  const pods: Pod[] = [];
  for await (const pod of client.list<Pod>(coreTypes.pods, {
    namespace,
    labelSelector: `batch.kubernetes.io/job-name=${job.metadata.name}`,
    signal,
  })) {
    pods.push(pod);
  }
  return pods;
}

/** How long a Job may still take to begin, in milliseconds; 0 or less: its time is over. */
export function beginsWithinMs(
  job: Job,
  { clock, config }: Pick<ControllerContext, 'clock' | 'config'>,
): number {
  return (
    Date.parse(job.metadata.creationTimestamp ?? '') +
    config.dataMover.prepareTimeoutSeconds * 1000 -
    clock.now()
  );
}

/**
 * Jobs whose pod has not begun in the time that movers are given to begin, for instance because its image cannot be had: they
 * would keep their repository from being maintained until their deadline, half a day later.
 *
 * @returns for each of them, why it did not begin
 */
export async function stuckJobs(
  context: ControllerContext,
  jobs: readonly Job[],
): Promise<Map<Job, string>> {
  const stuck = new Map<Job, string>();
  for (const job of jobs) {
    if (jobEnd(job) || beginsWithinMs(job, context) > 0) continue;
    const states = (await podsOf(context, job)).map(pod =>
      podState(pod, context.clock.now(), false),
    );
    if (states.some(({ state }) => state !== 'starting')) continue;
    const problem = states.flatMap(each =>
      each.state === 'starting' && each.problem ? [each.problem] : [],
    )[0];
    stuck.set(
      job,
      `The maintenance did not begin within ${
        context.config.dataMover.prepareTimeoutSeconds
      } s: ${problem ?? `the pod of Job ${job.metadata.name} did not start`}`,
    );
  }
  return stuck;
}
