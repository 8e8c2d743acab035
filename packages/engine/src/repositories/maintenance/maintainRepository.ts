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
import type { Pod } from '../../volumes/movers/Pod';
import { jobEnd, type Job } from './Job';
import { maintenanceJob, maintenanceLabels } from './maintenanceJob';
import {
  historyEntry,
  lastMaintenance,
  mergedHistory,
} from './maintenanceHistory';
import { nextMaintenance } from './nextMaintenance';

/** How long a Job may lack its pod's message after its end: the node writes it a moment later. */
const askAgainMs = 10 * 60 * 1000;

/**
 * Looks after the maintenance of a repository that is ready: takes over what finished Jobs did, removes old Jobs, and starts one
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
  const { history, last } = await recordFinished(context, repository, jobs);
  await deleteOldJobs(context, jobs);
  // Backups in a read-only location stay as they are (Velero: no maintenance).
  if (location.spec.accessMode === 'ReadOnly') return askAgainMs;
  const now = clock.now();
  const frequencyMs = parseDurationOr(
    repository.spec.maintenanceFrequency,
    config.repositories.maintenance.frequencySeconds * 1000,
  );
  const decision = nextMaintenance({
    now,
    frequencyMs,
    ...(last ? { lastMaintenanceTime: last } : {}),
    history,
    running: jobs.some(job => !jobEnd(job)),
  });
  if (decision.action === 'running') return askAgainMs;
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
  return askAgainMs;
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

async function recordFinished(
  context: ControllerContext,
  repository: BackupRepository,
  jobs: readonly Job[],
): Promise<{ history: BackupRepositoryMaintenance[]; last?: string }> {
  const { client, namespace, signal, logger } = context;
  const recorded = repository.status?.recentMaintenance ?? [];
  const known = new Set(
    recorded.map(({ startTimestamp }) => Date.parse(startTimestamp ?? '')),
  );
  const found: BackupRepositoryMaintenance[] = [];
  for (const job of jobs) {
    if (known.has(Date.parse(job.metadata.creationTimestamp ?? ''))) continue;
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
  { client, namespace, signal }: ControllerContext,
  job: Job,
): Promise<string | undefined> {
  for await (const pod of client.list<Pod>(coreTypes.pods, {
    namespace,
    labelSelector: `batch.kubernetes.io/job-name=${job.metadata.name}`,
    signal,
  })) {
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
  { client, namespace, signal, config }: ControllerContext,
  jobs: readonly Job[],
): Promise<void> {
  const finished = jobs.filter(job => jobEnd(job));
  const { keepJobs } = config.repositories.maintenance;
  for (const job of finished.slice(
    0,
    Math.max(0, finished.length - keepJobs),
  )) {
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
