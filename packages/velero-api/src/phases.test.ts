import {
  backupPhases,
  blocksNextScheduledBackup,
  dataPathPhases,
  isBackupInProgress,
  isRestorableBackupPhase,
  isTerminalBackupPhase,
  isTerminalDataPathPhase,
  isTerminalRestorePhase,
  restorePhases,
} from './phases';

const thoseOf = (
  phases: readonly string[],
  decides: (phase: string | undefined) => boolean,
) => phases.filter(decides);

describe('phases', () => {
  it('knows which backups have ended', () => {
    expect(thoseOf(backupPhases, isTerminalBackupPhase)).toEqual([
      'FailedValidation',
      'Completed',
      'PartiallyFailed',
      'Failed',
    ]);
    expect(isTerminalBackupPhase(undefined)).toBe(false);
    expect(isTerminalBackupPhase('')).toBe(false);
  });

  it('knows which restores have ended', () => {
    expect(thoseOf(restorePhases, isTerminalRestorePhase)).toEqual([
      'FailedValidation',
      'Completed',
      'PartiallyFailed',
      'Failed',
    ]);
    expect(isTerminalRestorePhase(undefined)).toBe(false);
  });

  it('knows which data movements have ended', () => {
    expect(thoseOf(dataPathPhases, isTerminalDataPathPhase)).toEqual([
      'Canceled',
      'Completed',
      'Failed',
    ]);
  });

  it('restores only from finished backups', () => {
    expect(thoseOf(backupPhases, isRestorableBackupPhase)).toEqual([
      'Completed',
      'PartiallyFailed',
    ]);
  });

  it('keeps a Schedule from making a second backup only at the start of the first', () => {
    expect(thoseOf(backupPhases, blocksNextScheduledBackup)).toEqual([
      'New',
      'InProgress',
    ]);
    expect(blocksNextScheduledBackup(undefined)).toBe(true);
  });

  it('refuses to delete a backup that is being made', () => {
    expect(thoseOf(backupPhases, isBackupInProgress)).toEqual([
      'InProgress',
      'WaitingForPluginOperations',
      'WaitingForPluginOperationsPartiallyFailed',
      'Finalizing',
      'FinalizingPartiallyFailed',
    ]);
  });
});
