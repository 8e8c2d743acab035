import { keyOf } from '../api/Informer';
import { controllerOf, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import {
  claimOwned,
  createPod,
  deletePod,
  onOwnedChange,
  writeStatus,
} from './podOwnership';
import { condition, Condition, isActive, isReady, Job, Pod } from './Workload';

export function isJobFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    each =>
      (each.type === 'Complete' || each.type === 'Failed') &&
      each.status === 'True',
  );
}

/** Runs Jobs to completion. */
export function jobs(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of<Job>(types.jobs);
  const pods = informers.of<Pod>(types.pods);

  async function finish(job: Job): Promise<number | undefined> {
    const ttl = job.spec?.ttlSecondsAfterFinished;
    if (ttl === undefined || ttl === null) return undefined;
    const finished = (job.status?.conditions ?? []).find(
      each => each.type === 'Complete' || each.type === 'Failed',
    );
    const end = Date.parse(finished?.lastTransitionTime ?? '') + ttl * 1000;
    const left = end - context.now().getTime();
    if (left > 0) return left;
    const { namespace, name, uid } = job.metadata;
    await client.delete(types.jobs, namespace, name, {
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
    return undefined;
  }

  const queue = queueFor(context, 'jobs', async key => {
    const job = all.get(key);
    if (!job?.spec || job.metadata.deletionTimestamp) return undefined;
    if (isJobFinished(job)) {
      const left = await finish(job);
      return left === undefined ? undefined : { requeueAfterMs: left };
    }
    const owned = await claimOwned(
      context,
      pods,
      job,
      types.jobs,
      job.spec.selector,
    );
    const now = context
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const active = owned.filter(isActive);
    const succeeded = owned.filter(
      pod => pod.status?.phase === 'Succeeded',
    ).length;
    const failed = owned.filter(pod => pod.status?.phase === 'Failed').length;
    const verdict = decideJob(job, {
      active: active.length,
      succeeded,
      failed,
      now: context.now(),
    });
    for (const pod of verdict.stop ? active : []) {
      await deletePod(context, pod);
    }
    for (let index = 0; index < verdict.create; index += 1) {
      await createPod(context, pods, job, types.jobs, job.spec.template, {
        labels: {
          'batch.kubernetes.io/job-name': job.metadata.name,
          'job-name': job.metadata.name,
          'batch.kubernetes.io/controller-uid': job.metadata.uid ?? '',
          'controller-uid': job.metadata.uid ?? '',
        },
      });
    }
    const running = pods
      .list(job.metadata.namespace)
      .filter(
        pod => controllerOf(pod)?.uid === job.metadata.uid && isActive(pod),
      );
    const before = job.status?.conditions;
    const add = (next: Condition) =>
      condition(before, { lastProbeTime: now, ...next }, now);
    const conditions = (before ?? []).filter(
      each => !verdict.conditions.some(next => next.type === each.type),
    );
    await writeStatus(context, all, job, {
      startTime: job.spec.suspend ? null : job.status?.startTime ?? now,
      active: (verdict.stop ? 0 : running.length) || null,
      ready: verdict.stop ? 0 : running.filter(isReady).length,
      terminating: 0,
      succeeded: succeeded || null,
      failed: failed || null,
      completionTime: verdict.complete ? now : null,
      uncountedTerminatedPods: verdict.finished ? null : {},
      conditions: [...conditions, ...verdict.conditions.map(add)],
    });
    const deadline = job.spec.activeDeadlineSeconds;
    return deadline && !verdict.finished
      ? { requeueAfterMs: deadline * 1000 }
      : undefined;
  });

  all.onChange(job => queue.add(keyOf(job)));
  onOwnedChange(
    pods,
    all,
    'Job',
    job => job.spec?.selector,
    key => queue.add(key),
  );
  return queue;
}

export interface JobVerdict {
  create: number;
  stop: boolean;
  finished: boolean;
  complete: boolean;
  conditions: Condition[];
}

/** What a Job needs next. Kubernetes: suspend, completions, parallelism, backoffLimit, activeDeadlineSeconds. */
export function decideJob(
  job: Job,
  seen: { active: number; succeeded: number; failed: number; now: Date },
): JobVerdict {
  const spec = job.spec!;
  const nothing = { create: 0, stop: false, finished: false, complete: false };
  if (spec.suspend) {
    return {
      ...nothing,
      stop: true,
      conditions: [
        {
          type: 'Suspended',
          status: 'True',
          reason: 'JobSuspended',
          message: 'Job suspended',
        },
      ],
    };
  }
  const resumed: Condition[] = job.status?.conditions?.some(
    each => each.type === 'Suspended',
  )
    ? [
        {
          type: 'Suspended',
          status: 'False',
          reason: 'JobResumed',
          message: 'Job resumed',
        },
      ]
    : [];
  const parallelism = spec.parallelism ?? 1;
  const goal =
    spec.completions ?? (spec.parallelism === undefined ? 1 : undefined);
  const done =
    goal === undefined
      ? seen.succeeded > 0 && seen.active === 0
      : seen.succeeded >= goal;
  if (done) {
    const reason = 'CompletionsReached';
    const message = 'Reached expected number of succeeded pods';
    return {
      ...nothing,
      finished: true,
      complete: true,
      conditions: [
        ...resumed,
        { type: 'SuccessCriteriaMet', status: 'True', reason, message },
        { type: 'Complete', status: 'True', reason, message },
      ],
    };
  }
  const started = Date.parse(job.status?.startTime ?? '');
  const late =
    spec.activeDeadlineSeconds !== undefined &&
    seen.now.getTime() >= started + spec.activeDeadlineSeconds * 1000;
  if (seen.failed > (spec.backoffLimit ?? 6) || late) {
    const reason = late ? 'DeadlineExceeded' : 'BackoffLimitExceeded';
    const message = late
      ? 'Job was active longer than specified deadline'
      : 'Job has reached the specified backoff limit';
    return {
      create: 0,
      stop: true,
      finished: true,
      complete: false,
      conditions: [
        ...resumed,
        { type: 'FailureTarget', status: 'True', reason, message },
        { type: 'Failed', status: 'True', reason, message },
      ],
    };
  }
  const open =
    goal === undefined
      ? parallelism
      : Math.min(parallelism, goal - seen.succeeded);
  const wanted = goal === undefined && seen.succeeded > 0 ? 0 : open;
  return {
    ...nothing,
    create: Math.max(0, wanted - seen.active),
    conditions: resumed,
  };
}
