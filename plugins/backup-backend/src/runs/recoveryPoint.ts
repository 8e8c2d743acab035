import type {
  RecoveryPoint,
  Trigger,
  VolumeFinding,
} from '@lifeboat/backstage-plugin-backup-common';
import {
  type Backup,
  isRestorableBackupPhase,
  lifeboatAnnotations,
  readVolumeCounts,
  veleroLabels,
} from '@lifeboat/velero-api';
import { firstReason } from './firstReason';
import { requesterOf } from './requester';
import { runStateOf } from './runStateOf';
import { volumesTogether } from './volumesTogether';

/** What is known beside the Backup itself. */
export interface RecoveryPointFacts {
  cluster: string;
  /** A DeleteBackupRequest for it has not been processed yet. */
  deletionRequested: boolean;
  /** The data of its volumes that is under way. */
  volumes?: VolumeFinding[];
}

function triggerOf(backup: Backup): Trigger {
  const schedule = backup.metadata.labels?.[veleroLabels.scheduleName];
  if (schedule) {
    return { type: 'schedule', schedule };
  }
  return { type: requesterOf(backup.metadata) ? 'manual' : 'api' };
}

/** A Backup as the list shows it. */
export function recoveryPoint(
  backup: Backup,
  facts: RecoveryPointFacts,
): RecoveryPoint {
  const { metadata, status = {} } = backup;
  const deletionRequested =
    facts.deletionRequested || metadata.deletionTimestamp !== undefined;
  const state = runStateOf(status.phase, {
    failureReason: status.failureReason,
    deletionRequested,
  });
  const { totalItems, itemsBackedUp } = status.progress ?? {};
  const note = metadata.annotations?.[lifeboatAnnotations.note];
  const reason = firstReason(status);
  const requestedBy = requesterOf(metadata);
  const finished = isRestorableBackupPhase(status.phase);
  const volumes = finished ? readVolumeCounts(backup) : undefined;
  const moving = volumesTogether(facts.volumes ?? []);
  return {
    name: metadata.name ?? '',
    cluster: facts.cluster,
    state,
    phase: status.phase || 'New',
    createdAt: metadata.creationTimestamp ?? '',
    ...(status.startTimestamp && { startedAt: status.startTimestamp }),
    ...(status.completionTimestamp && {
      completedAt: status.completionTimestamp,
    }),
    ...(status.expiration && { expiresAt: status.expiration }),
    ...(state === 'running' &&
      totalItems !== undefined && {
        progress: {
          itemsDone: Number(itemsBackedUp ?? 0),
          itemsTotal: Number(totalItems),
          ...(moving && { volumes: moving }),
        },
      }),
    ...(finished &&
      itemsBackedUp !== undefined && { objects: Number(itemsBackedUp) }),
    ...(volumes && { volumes }),
    warnings: Number(status.warnings ?? 0),
    errors: Number(status.errors ?? 0),
    ...(reason && { reason }),
    ...(note && { note }),
    trigger: triggerOf(backup),
    ...(requestedBy && { requestedBy }),
    restorable: finished && !deletionRequested,
  };
}
