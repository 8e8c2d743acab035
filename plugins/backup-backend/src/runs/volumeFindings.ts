import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import type { BackupVolumeInfo, ResourceList } from '@lifeboat/velero-api';

/**
 * For every claim in a backup: whether its data is in it. A claim that the
 * volume file does not name has no data in the backup; saying otherwise would
 * need proof.
 */
export function volumeFindings(
  volumes: BackupVolumeInfo[] | undefined,
  list: ResourceList | undefined,
  namespace: string,
): VolumeFinding[] {
  const named = new Map(
    (volumes ?? [])
      .filter(
        ({ pvcName, pvcNamespace }) => pvcName && pvcNamespace === namespace,
      )
      .map(volume => [volume.pvcName!, volume]),
  );
  const claims = new Set([
    ...named.keys(),
    ...(list?.['v1/PersistentVolumeClaim'] ?? [])
      .filter(entry => entry.startsWith(`${namespace}/`))
      .map(entry => entry.slice(namespace.length + 1)),
  ]);
  return [...claims].sort().map(pvc => {
    const volume = named.get(pvc);
    const included =
      volume !== undefined &&
      !volume.skipped &&
      volume.backupMethod !== undefined &&
      volume.result !== 'failed';
    const reason = volume?.skippedReason || 'Its data was not backed up';
    return { pvc, namespace, included, ...(!included && { reason }) };
  });
}
