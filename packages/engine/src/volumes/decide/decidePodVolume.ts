import { fileSystemBackupOff } from './decideClaim';
import { whyNotCopied } from './fileSystemChoice';
import type { PodFacts, PodVolumeFacts } from './PodFacts';
import type { DecisionContext, VolumeDecision } from './VolumeDecision';
import { wishForPodVolume } from './wish';

/**
 * Decides about a volume that a pod brings itself, such as an `emptyDir`: its files are copied if a policy or the pod's
 * annotations choose it.
 *
 * @returns undefined when nobody wants its data
 *
 * Source: Velero `ShouldPerformFSBackup`.
 */
export function decidePodVolume(
  pod: PodFacts,
  volume: PodVolumeFacts,
  context: DecisionContext,
): VolumeDecision | undefined {
  const wish = wishForPodVolume(context, { pod, volume });
  if (volume.claim || wish.want !== 'fs-backup') {
    return undefined;
  }
  const problem = context.fileSystemBackup.enabled
    ? whyNotCopied(pod, volume)
    : fileSystemBackupOff;
  if (problem) {
    return {
      method: 'skip',
      severity: context.fileSystemBackup.enabled ? 'warning' : 'error',
      reason: problem,
      withVolume: false,
    };
  }
  return {
    method: 'fs-backup',
    severity: 'info',
    reason: wish.reason,
    withVolume: false,
    copy: { pod, volume },
  };
}
