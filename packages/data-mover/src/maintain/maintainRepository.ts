import {
  markVeleroRepository,
  maintenanceParameters,
  runMaintenance,
  type Repository,
} from '@lifeboat/kopia';

/** What a maintenance run did, for the termination message. */
export interface MaintenanceSummary {
  mode: 'quick' | 'full' | 'none';
  tasks: string[];
}

/**
 * Runs what is due by the repository's own cycles: quick or full maintenance, or nothing (Velero: maintenance in auto
 * mode).
 */
export async function maintainRepository(
  repository: Repository,
  options: { signal: AbortSignal; onTask?: (task: string) => void },
): Promise<MaintenanceSummary> {
  if (!maintenanceParameters(repository))
    await markVeleroRepository(repository, { signal: options.signal });
  const { mode, tasks } = await runMaintenance(repository, {
    signal: options.signal,
    onTask: options.onTask,
  });
  return { mode, tasks: tasks.map(({ task }) => task) };
}
