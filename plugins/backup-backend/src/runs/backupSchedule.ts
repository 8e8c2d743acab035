import type { BackupSchedule } from '@lifeboat/backstage-plugin-backup-common';
import { parseCron, type Schedule } from '@lifeboat/velero-api';
import { requesterOf } from './requester';
import { splitCron } from './cronText';

const shownRuns = 5;

/** The next runs of a cron text, RFC 3339; empty when it cannot be understood. */
export function nextRuns(cron: string, after: Date, count: number): string[] {
  try {
    const expression = parseCron(cron);
    const runs: string[] = [];
    let last = after;
    while (runs.length < count) {
      last = expression.next(last);
      runs.push(last.toISOString());
    }
    return runs;
  } catch {
    return [];
  }
}

/** A Schedule as the list shows it. */
export function backupSchedule(
  schedule: Schedule,
  facts: { cluster: string; now: Date },
): BackupSchedule {
  const { metadata, spec, status = {} } = schedule;
  const paused = spec.paused ?? false;
  const invalid = status.phase === 'FailedValidation';
  const requestedBy = requesterOf(metadata);
  const reason = status.validationErrors?.join('; ');
  return {
    name: metadata.name ?? '',
    cluster: facts.cluster,
    ...splitCron(spec.schedule),
    paused,
    state: scheduleState(status.phase),
    ...(reason && { reason }),
    ...(status.lastBackup && { lastRun: status.lastBackup }),
    nextRuns:
      paused || invalid ? [] : nextRuns(spec.schedule, facts.now, shownRuns),
    ...(spec.template.ttl && { ttl: spec.template.ttl }),
    ...(requestedBy && { requestedBy }),
  };
}

function scheduleState(phase: string | undefined): BackupSchedule['state'] {
  switch (phase) {
    case 'Enabled':
      return 'enabled';
    case 'FailedValidation':
      return 'invalid';
    default:
      return 'new';
  }
}
