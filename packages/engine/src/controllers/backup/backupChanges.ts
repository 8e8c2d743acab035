import {
  Backup,
  BackupPhase,
  BackupStatus,
  lifeboatAnnotations,
} from '@lifeboat/velero-api';
import { cancelRequest } from '../../backup/cancellation';
import { changeObject, ObjectGoneError } from '../../backup/changeObject';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../Controller';

/** Phases after a backup's run, while its data is moved and its end is written. */
export const afterRunPhases: BackupPhase[] = [
  'WaitingForPluginOperations',
  'WaitingForPluginOperationsPartiallyFailed',
  'Finalizing',
  'FinalizingPartiallyFailed',
];

/** Whether a Backup's run is over and its end is not written yet. */
export function isAfterRun({ status }: Backup): boolean {
  return status?.phase !== undefined && afterRunPhases.includes(status.phase);
}

/** Changes a Backup by its resourceVersion. @throws ObjectGoneError */
export function changeBackup(
  context: ControllerContext,
  backup: Backup,
  change: (current: Backup) => Backup | undefined,
): Promise<Backup> {
  return changeObject(context, veleroTypes.backups, backup, change);
}

/** Why a cancelled backup failed. */
export function canceledBy(backup: Backup): string {
  return `Canceled by ${cancelRequest(backup)}`;
}

/** @throws when somebody else changed the phase of a running backup */
export function expectPhase(backup: Backup, phases: BackupPhase[]): Backup {
  const { phase } = backup.status ?? {};
  if (!phase || !phases.includes(phase)) {
    throw new Error(
      `somebody changed the phase of the running backup to ${phase}`,
    );
  }
  return backup;
}

/** A Backup with some fields of its status replaced. */
export function withStatus(backup: Backup, status: BackupStatus): Backup {
  return { ...backup, status: { ...backup.status, ...status } };
}

/** A Backup as it is now, with the spec and scope of its run: they say what is in storage, whatever was written into it since. */
export function asItRan(current: Backup, ran: Backup): Backup {
  const annotations = { ...current.metadata.annotations };
  delete annotations[lifeboatAnnotations.scope];
  const scope = ran.metadata.annotations?.[lifeboatAnnotations.scope];
  return {
    ...current,
    spec: ran.spec,
    metadata: {
      ...current.metadata,
      annotations: {
        ...annotations,
        ...(scope !== undefined && { [lifeboatAnnotations.scope]: scope }),
      },
    },
  };
}

/** For changes of a Backup that may have been deleted meanwhile. */
export function ignoreGone(error: unknown): undefined {
  if (error instanceof ObjectGoneError) {
    return undefined;
  }
  throw error;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
