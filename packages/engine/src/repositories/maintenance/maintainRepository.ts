import {
  parseDurationOr,
  type BackupRepository,
  type BackupRepositoryMaintenance,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import { createOnce } from '../../cluster/createOnce';
import { equalJson } from '../../cluster/json';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import { claimLocation } from '../../controllers/locationOwnership';
import { jobEnd, type Job } from './Job';
import { maintenanceJob, maintenanceLabels } from './maintenanceJob';
import {
  historyEntry,
  lastMaintenance,
  mergedHistory,
  stuckEntry,
} from './maintenanceHistory';
import { nextMaintenance } from './nextMaintenance';
import { beginsWithinMs, podsOf, stuckJobs } from './stuckJobs';

/** How long a Job may lack its pod's message after its end: the node writes it a moment later. */
const askAgainMs = 10 * 60 * 1000;

/**
 * Looks after the maintenance of a repository that is ready: takes over what finished Jobs did, removes old Jobs and those that do not begin, and starts one
 * when it is due. All of it is read from the cluster, so that it goes on after a restart.
 *
 * @returns milliseconds until it has to be looked at again
 */
export async function maintainRepository(
  context: ControllerContext,
  repository: BackupRepository,
  location: BackupStorageLocation,
): Promise<number> {
  const { client, namespace, signal, clock, config, logger } = context;
  const name = repository.metadata.name ?? '';
  const jobs = await jobsOf(context, repository);
  const stuck = await stuckJobs(context, jobs);
  const { history, last } = await recordEnded(context, repository, jobs, stuck);
  await deleteJobs(context, [...stuck.keys()]);
  await deleteOldJobs(context, jobs);
  // Backups in a read-only location stay as they are (Velero: no maintenance).
  if (location.spec.accessMode === 'ReadOnly') return askAgainMs;
  const now = clock.now();
  const frequencyMs = parseDurationOr(
    repository.spec.maintenanceFrequency,
    config.repositories.maintenance.frequencySeconds * 1000,
  );
  const open = jobs.filter(job => !jobEnd(job) && !stuck.has(job));
  const decision = nextMaintenance({
    now,
    frequencyMs,
    ...(last ? { lastMaintenanceTime: last } : {}),
    history,
    running: open.length > 0,
  });
  if (decision.action === 'running') {
    const begins = open.map(job => beginsWithinMs(job, context));
    return Math.min(askAgainMs, ...begins.filter(wait => wait > 0));
  }
  if (decision.action === 'wait') return decision.milliseconds;
  const owner = await claimLocation(await context.openStore(location), context);
  if (!owner.ours) {
    logger.debug(
      { repository: name, owner: owner.record.clusterName, key: owner.key },
      'Another cluster maintains the repositories of this location; to hand it over, delete the key in the storage',
    );
    return Math.min(frequencyMs, askAgainMs);
  }
  const job = maintenanceJob({
    repository,
    location,
    namespace,
    config,
    startedAt: now,
  });
  await createOnce<Job>(client, coreTypes.jobs, job, {
    clock,
    signal,
    isOurs: live =>
      live.metadata.labels?.[Object.keys(maintenanceLabels(name))[0]] ===
      Object.values(maintenanceLabels(name))[0],
  });
  logger.info(
    { repository: name, job: job.metadata.name },
    'Maintenance of a repository begins',
  );
  return Math.min(askAgainMs, config.dataMover.prepareTimeoutSeconds * 1000);
}

/** Oldest first. */
async function jobsOf(
  { client, namespace, signal }: ControllerContext,
  repository: BackupRepository,
): Promise<Job[]> {
  const [label, value] = Object.entries(
    maintenanceLabels(repository.metadata.name ?? ''),
  )[0];
  const jobs: Job[] = [];
  for await (const job of client.list<Job>(coreTypes.jobs, {
    namespace,
    labelSelector: `${label}=${value}`,
    signal,
  })) {
    jobs.push(job);
  }
  return jobs.sort((a, b) =>
    (a.metadata.creationTimestamp ?? '').localeCompare(
      b.metadata.creationTimestamp ?? '',
    ),
  );
}

async function recordEnded(
  context: ControllerContext,
  repository: BackupRepository,
  jobs: readonly Job[],
  stuck: ReadonlyMap<Job, string>,
): Promise<{ history: BackupRepositoryMaintenance[]; last?: string }> {
  const { client, namespace, signal, logger } = context;
  const recorded = repository.status?.recentMaintenance ?? [];
  const known = new Set(
    recorded.map(({ startTimestamp }) => Date.parse(startTimestamp ?? '')),
  );
  const found: BackupRepositoryMaintenance[] = [];
  for (const job of jobs) {
    if (known.has(Date.parse(job.metadata.creationTimestamp ?? ''))) continue;
    const whyStuck = stuck.get(job);
    if (whyStuck !== undefined) {
      found.push(stuckEntry(job, whyStuck, context.clock.now()));
    }
    if (!jobEnd(job)) continue;
    const entry = historyEntry(job, await terminationMessage(context, job));
    if (entry) found.push(entry);
  }
  const history = mergedHistory(recorded, found);
  const before = repository.status?.lastMaintenanceTime;
  const last = lastMaintenance(before, history);
  if (found.length > 0 || !equalJson(history, recorded) || last !== before) {
    for (const { result, message } of found) {
      logger[result === 'Failed' ? 'warn' : 'info'](
        {
          repository: repository.metadata.name,
          result,
          ...(message ? { reason: message } : {}),
        },
        'Maintenance of a repository ended',
      );
    }
    await client.patch(
      veleroTypes.backupRepositories,
      { namespace, name: repository.metadata.name ?? '' },
      {
        contentType: 'merge',
        body: {
          status: {
            recentMaintenance: history,
            ...(last ? { lastMaintenanceTime: last } : {}),
          },
        },
      },
      { signal },
    );
  }
  return { history, ...(last ? { last } : {}) };
}

async function terminationMessage(
  context: ControllerContext,
  job: Job,
): Promise<string | undefined> {
  for (const pod of await podsOf(context, job)) {
    const { terminated } = pod.status?.containerStatuses?.[0]?.state ?? {};
    if (terminated?.message) return terminated.message;
    if (terminated) {
      return `The maintenance ended with exit code ${terminated.exitCode}${
        terminated.reason ? ` (${terminated.reason})` : ''
      }`;
    }
  }
  return undefined;
}

async function deleteOldJobs(
  context: ControllerContext,
  jobs: readonly Job[],
): Promise<void> {
  const finished = jobs.filter(job => jobEnd(job));
  const { keepJobs } = context.config.repositories.maintenance;
  await deleteJobs(
    context,
    finished.slice(0, Math.max(0, finished.length - keepJobs)),
  );
}

async function deleteJobs(
  { client, namespace, signal }: ControllerContext,
  jobs: readonly Job[],
): Promise<void> {
  for (const job of jobs) {
    await client.delete(
      coreTypes.jobs,
      { namespace, name: job.metadata.name ?? '' },
      {
        preconditions: { uid: job.metadata.uid },
        propagationPolicy: 'Background',
        signal,
      },
    );
  }
}
