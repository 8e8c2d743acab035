import type { BackupRepositoryMaintenance } from '@lifeboat/velero-api';

/** What is to be done about a repository's maintenance. */
export type MaintenanceDecision =
  | { action: 'run' }
  /** A Job of the repository has not ended yet. */
  | { action: 'running' }
  | { action: 'wait'; milliseconds: number };

const retryMs = 5 * 60 * 1000;

/**
 * Decides about a repository's next maintenance (Velero: due when the last one is `maintenanceFrequency` ago). After a failure it
 * is tried again five minutes later, or at the frequency where that is shorter.
 */
export function nextMaintenance(options: {
  now: number;
  frequencyMs: number;
  lastMaintenanceTime?: string;
  /** Oldest first. */
  history: readonly BackupRepositoryMaintenance[];
  running: boolean;
}): MaintenanceDecision {
  const { now, frequencyMs, history, running } = options;
  if (running) return { action: 'running' };
  const last = Date.parse(options.lastMaintenanceTime ?? '') || 0;
  const latest = history.at(-1);
  const failedAt =
    latest?.result === 'Failed'
      ? Date.parse(latest.completeTimestamp ?? latest.startTimestamp ?? '') || 0
      : 0;
  const due = Math.max(
    last + frequencyMs,
    failedAt ? failedAt + Math.min(retryMs, frequencyMs) : 0,
  );
  return due <= now
    ? { action: 'run' }
    : { action: 'wait', milliseconds: due - now };
}
