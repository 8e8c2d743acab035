import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import { veleroLabels } from '@lifeboat/velero-api';
import type { Cluster } from '../clusters/Cluster';
import { movingVolume, type DataPathResource } from '../runs/movingVolume';
import { sortVolumes } from '../runs/volumeFindings';

/**
 * The volumes whose data a backup or restore moves, as the cluster has them
 * now. Only those of the given namespace: a run that is not of this portal may
 * have others.
 *
 * @throws what the cluster answers when it cannot be read
 */
export async function volumesOfRun(
  cluster: Cluster,
  run: { kind: 'Backup' | 'Restore'; uid: string; namespace: string },
): Promise<VolumeFinding[]> {
  const { control } = cluster;
  const isBackup = run.kind === 'Backup';
  const label = isBackup ? veleroLabels.backupUid : veleroLabels.restoreUid;
  const resources: DataPathResource[] = (
    await Promise.all(
      isBackup
        ? [control.dataUploads.list(), control.podVolumeBackups.list()]
        : [control.dataDownloads.list(), control.podVolumeRestores.list()],
    )
  ).flat();
  return sortVolumes(
    resources
      .filter(({ metadata }) => metadata.labels?.[label] === run.uid)
      .map(movingVolume)
      .filter(({ namespace }) => namespace === run.namespace),
  );
}
