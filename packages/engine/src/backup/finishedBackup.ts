import type { Backup, BackupStatus } from '@lifeboat/velero-api';
import { seconds } from './prepareBackup';
import type { RunLog } from './RunLog';

/** A Backup with the phase and figures of its end, by the findings of its log. */
export function finishedBackup(
  backup: Backup,
  log: RunLog,
  run: { items: number; now: number; status?: BackupStatus },
): Backup {
  const { errorCount, warningCount } = log.findings;
  return {
    ...backup,
    status: {
      ...backup.status,
      ...run.status,
      phase: errorCount > 0 ? 'PartiallyFailed' : 'Completed',
      completionTimestamp: seconds(run.now),
      progress: { totalItems: run.items, itemsBackedUp: run.items },
      ...(warningCount > 0 && { warnings: warningCount }),
      ...(errorCount > 0 && { errors: errorCount }),
    },
  };
}
