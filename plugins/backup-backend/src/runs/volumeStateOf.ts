import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import type { DataPathPhase } from '@lifeboat/velero-api';

/** State of a resource that moves volume data, in our words. */
export function volumeStateOf(
  phase: DataPathPhase | undefined,
): VolumeFinding['state'] {
  switch (phase) {
    case 'InProgress':
    case 'Canceling':
      return 'running';
    case 'Completed':
      return 'done';
    case 'Failed':
      return 'failed';
    case 'Canceled':
      return 'cancelled';
    default:
      return 'waiting';
  }
}
