import { veleroAnnotations } from '@lifeboat/velero-api';
import { isNeverCopied, PodFacts, PodVolumeFacts } from './PodFacts';

/** Names in a pod's annotation. Velero splits at commas and trims nothing. */
function names(pod: PodFacts, annotation: string): string[] {
  const text = pod.annotations[annotation];
  return text ? text.split(',') : [];
}

/**
 * Whether a pod asks by its annotations that a volume's files be copied.
 *
 * @param byDefault - `spec.defaultVolumesToFsBackup`: all volumes but those that are excluded
 *
 * Source: Velero `shouldPerformFSBackupLegacy`.
 */
export function isChosenByPod(
  pod: PodFacts,
  volume: PodVolumeFacts,
  byDefault: boolean,
): boolean {
  return byDefault
    ? !names(pod, veleroAnnotations.backupVolumesExcludes).includes(volume.name)
    : names(pod, veleroAnnotations.backupVolumes).includes(volume.name);
}

/**
 * Why the files of a pod's volume cannot be copied, or undefined when they can.
 *
 * Source: Velero `BackupPodVolumes`: running pods, folders that a regular container mounts.
 */
export function whyNotCopied(
  pod: PodFacts,
  volume: PodVolumeFacts,
): string | undefined {
  const at = `pod ${pod.name}`;
  if (isNeverCopied(volume)) {
    return `volume ${volume.name} of ${at} is of a kind whose files are not copied`;
  }
  if (pod.phase !== 'Running' || pod.isBeingDeleted || !pod.node) {
    return `${at} is not running, so that its files cannot be read`;
  }
  if (!pod.mounted.includes(volume.name)) {
    return `no container of ${at} mounts volume ${volume.name} as a folder`;
  }
  return undefined;
}
