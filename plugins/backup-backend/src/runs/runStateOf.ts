import type { RunState } from '@lifeboat/backstage-plugin-backup-common';

/** Velero has no phase for cancelled runs: the reason says it. */
function wasCancelled(failureReason: string | undefined): boolean {
  return /^cancell?ed by /i.test(failureReason ?? '');
}

/**
 * State of a backup or restore run in our words. A phase that is not known is
 * `needs-attention`: unknown is never shown as healthy.
 *
 * @param phase - as the resource has it; a resource without one has just been made
 */
export function runStateOf(
  phase: string | undefined,
  facts: { failureReason?: string; deletionRequested?: boolean } = {},
): RunState {
  if (facts.deletionRequested) {
    return 'deleting';
  }
  switch (phase || 'New') {
    case 'New':
    case 'Queued':
    case 'ReadyToStart':
      return 'waiting';
    case 'InProgress':
    case 'WaitingForPluginOperations':
    case 'WaitingForPluginOperationsPartiallyFailed':
    case 'Finalizing':
    case 'FinalizingPartiallyFailed':
      return 'running';
    case 'Completed':
      return 'done';
    case 'PartiallyFailed':
      return 'needs-attention';
    case 'FailedValidation':
      return 'failed';
    case 'Failed':
      return wasCancelled(facts.failureReason) ? 'cancelled' : 'failed';
    case 'Deleting':
      return 'deleting';
    default:
      return 'needs-attention';
  }
}
