import { matchPolicy } from '../policies/matchPolicy';
import { fileSystemBackupOff } from './decideClaim';
import { isChosenByPod, whyNotCopied } from './fileSystemChoice';
import { isNeverCopied, PodFacts, PodVolumeFacts } from './PodFacts';
import type { DecisionContext, VolumeDecision } from './VolumeDecision';

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
  if (volume.claim || isNeverCopied(volume)) {
    return undefined;
  }
  const action = matchPolicy(context.policies, { podVolume: volume.source });
  const byDefault = context.spec.defaultVolumesToFsBackup === true;
  if (
    action
      ? action.type !== 'fs-backup'
      : !isChosenByPod(pod, volume, byDefault)
  ) {
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
    reason: action
      ? 'a resource policy says so'
      : byDefault
      ? 'spec.defaultVolumesToFsBackup is true'
      : 'an annotation of its pod says so',
    withVolume: false,
    copy: { pod, volume },
  };
}
