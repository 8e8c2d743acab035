import { Cron } from 'croner';
import { keyOf } from '../api/Informer';
import { KubeError } from '../api/KubeClient';
import { controllerOf, controllerReference, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { isJobFinished } from './jobs';
import { writeStatus } from './podOwnership';
import { CronJob, Job } from './Workload';

const LONGEST_PAUSE_MS = 60_000;

/** The latest time that was due after `since` and not later than `now`, and the next one. */
export function dueTimes(
  schedule: string,
  timeZone: string | undefined,
  since: Date,
  now: Date,
): { due?: Date; next?: Date } {
  const cron = new Cron(schedule, { timezone: timeZone ?? 'Etc/UTC' });
  const [latest] = cron.previousRuns(1, new Date(now.getTime() + 1));
  return {
    due: latest && latest > since ? latest : undefined,
    next: cron.nextRun(now) ?? undefined,
  };
}

/** Starts the Jobs of CronJobs when they are due. */
export function cronJobs(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of<CronJob>(types.cronJobs);
  const jobs = informers.of<Job>(types.jobs);

  function ownJobs(cron: CronJob): Job[] {
    return jobs
      .list(cron.metadata.namespace)
      .filter(job => controllerOf(job)?.uid === cron.metadata.uid);
  }

  async function startJob(cron: CronJob, due: Date): Promise<void> {
    const template = cron.spec!.jobTemplate;
    const { namespace, name } = cron.metadata;
    try {
      jobs.observe(
        await client.create<Job>(types.jobs, namespace, {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: {
            name: `${name}-${Math.floor(due.getTime() / 60_000)}`,
            namespace,
            labels: template.metadata?.labels,
            annotations: {
              ...template.metadata?.annotations,
              'batch.kubernetes.io/cronjob-scheduled-timestamp': due
                .toISOString()
                .replace(/\.\d+Z$/, 'Z'),
            },
            ownerReferences: [controllerReference(cron, types.cronJobs)],
          },
          spec: template.spec,
        }),
      );
    } catch (error) {
      if (!(error instanceof KubeError && error.reason === 'AlreadyExists')) {
        throw error;
      }
    }
  }

  async function removeOld(cron: CronJob): Promise<void> {
    const byAge = (a: Job, b: Job) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(
        a.metadata.creationTimestamp ?? '',
      );
    const finished = ownJobs(cron).filter(isJobFinished).sort(byAge);
    const succeeded = finished.filter(job => job.status?.completionTime);
    const failed = finished.filter(job => !job.status?.completionTime);
    for (const job of [
      ...succeeded.slice(cron.spec?.successfulJobsHistoryLimit ?? 3),
      ...failed.slice(cron.spec?.failedJobsHistoryLimit ?? 1),
    ]) {
      await client.delete(
        types.jobs,
        job.metadata.namespace,
        job.metadata.name,
        { propagationPolicy: 'Background' },
      );
    }
  }

  const queue = queueFor(context, 'cron jobs', async key => {
    const cron = all.get(key);
    if (!cron?.spec || cron.metadata.deletionTimestamp) return undefined;
    const { spec } = cron;
    const now = context.now();
    const since = new Date(
      cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? now,
    );
    const { due, next } = dueTimes(spec.schedule, spec.timeZone, since, now);
    const deadline = spec.startingDeadlineSeconds;
    const inTime =
      due &&
      (deadline === undefined ||
        now.getTime() - due.getTime() <= deadline * 1000);
    let started: Date | undefined;
    if (inTime && !spec.suspend) {
      const active = ownJobs(cron).filter(job => !isJobFinished(job));
      const forbidden =
        spec.concurrencyPolicy === 'Forbid' && active.length > 0;
      if (spec.concurrencyPolicy === 'Replace') {
        for (const job of active) {
          await client.delete(
            types.jobs,
            job.metadata.namespace,
            job.metadata.name,
            { propagationPolicy: 'Background' },
          );
        }
      }
      if (!forbidden) {
        await startJob(cron, due);
        started = due;
      }
    }
    await removeOld(cron);
    const own = ownJobs(cron);
    const completed = own
      .map(job => job.status?.completionTime)
      .filter((time): time is string => time !== undefined)
      .sort();
    await writeStatus(context, all, cron, {
      active: own
        .filter(job => !isJobFinished(job))
        .map(job => ({
          apiVersion: 'batch/v1',
          kind: 'Job',
          namespace: job.metadata.namespace,
          name: job.metadata.name,
          uid: job.metadata.uid,
        })),
      ...(started
        ? { lastScheduleTime: started.toISOString().replace(/\.\d+Z$/, 'Z') }
        : {}),
      ...(completed.length > 0
        ? { lastSuccessfulTime: completed[completed.length - 1] }
        : {}),
    });
    if (spec.suspend || !next) return undefined;
    return {
      requeueAfterMs: Math.min(
        LONGEST_PAUSE_MS,
        Math.max(100, next.getTime() - now.getTime()),
      ),
    };
  });

  all.onChange(cron => queue.add(keyOf(cron)));
  jobs.onChange(job => {
    const owner = controllerOf(job);
    if (owner?.kind === 'CronJob') {
      queue.add(`${job.metadata.namespace}/${owner.name}`);
    }
  });
  return queue;
}
