import type {
  RestoreRun,
  VolumeFinding,
} from '@lifeboat/backstage-plugin-backup-common';
import { type BackupScope, type Restore } from '@lifeboat/velero-api';
import { firstReason } from './firstReason';
import { requesterOf } from './requester';
import { restoreUndo } from './restoreUndo';
import { runStateOf } from './runStateOf';
import { safetyBackupAnnotation } from './safetyBackup';
import { volumesTogether } from './volumesTogether';

/** What is known beside the Restore itself. */
export interface RestoreRunFacts {
  cluster: string;
  scope: BackupScope;
  now: Date;
  /** Address pattern of restored copies, from the configuration. */
  targetUrl?: string;
  /** The data of its volumes that is under way. */
  volumes?: VolumeFinding[];
}

/** The namespace that a Restore of the given source writes into. */
export function targetNamespaceOf(restore: Restore, source: string): string {
  return restore.spec.namespaceMapping?.[source] ?? source;
}

/** A Restore as the list shows it. */
export function restoreRun(
  restore: Restore,
  facts: RestoreRunFacts,
): RestoreRun {
  const { metadata, spec, status = {} } = restore;
  const state = runStateOf(status.phase, {
    failureReason: status.failureReason,
    deletionRequested: metadata.deletionTimestamp !== undefined,
  });
  const sourceNamespace = facts.scope.namespace;
  const targetNamespace = targetNamespaceOf(restore, sourceNamespace);
  const { totalItems, itemsRestored } = status.progress ?? {};
  const reason = firstReason(status);
  const requestedBy = requesterOf(metadata);
  const safetyPoint = metadata.annotations?.[safetyBackupAnnotation];
  const finished = state === 'done' || state === 'needs-attention';
  const undo = restoreUndo(restore, facts.now);
  const moving = volumesTogether(facts.volumes ?? []);
  return {
    name: metadata.name ?? '',
    cluster: facts.cluster,
    backup: spec.backupName ?? '',
    state,
    phase: status.phase || 'New',
    createdAt: metadata.creationTimestamp ?? '',
    ...(status.startTimestamp && { startedAt: status.startTimestamp }),
    ...(status.completionTimestamp && {
      completedAt: status.completionTimestamp,
    }),
    ...(totalItems !== undefined && {
      progress: {
        itemsDone: Number(itemsRestored ?? 0),
        itemsTotal: Number(totalItems),
        ...(state === 'running' && moving && { volumes: moving }),
      },
    }),
    sourceNamespace,
    targetNamespace,
    inPlace: sourceNamespace === targetNamespace,
    ...(safetyPoint && { safetyPoint }),
    warnings: Number(status.warnings ?? 0),
    errors: Number(status.errors ?? 0),
    ...(reason && { reason }),
    ...(requestedBy && { requestedBy }),
    ...(finished &&
      facts.targetUrl && {
        targetUrl: facts.targetUrl
          .replaceAll('{{namespace}}', encodeURIComponent(targetNamespace))
          .replaceAll('{{cluster}}', encodeURIComponent(facts.cluster)),
      }),
    ...(undo && { undo }),
  };
}
