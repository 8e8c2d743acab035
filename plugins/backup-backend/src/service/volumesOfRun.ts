import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import { veleroLabels } from '@lifeboat/velero-api';
import type { Cluster } from '../clusters/Cluster';
import { movingVolume, type DataPathResource } from '../runs/movingVolume';
import type { StagedClaim } from '../runs/stagedClaims';
import { sortVolumes } from '../runs/volumeFindings';
import type { EntityCall } from './EntityCall';

/** Whose volumes are asked for. */
export interface RunWithVolumes {
  kind: 'Backup' | 'Restore';
  metadata: { uid?: string };
  /** Only volumes of this namespace: a run that is not of this portal may have others. */
  namespace: string;
  /** Claims whose data is on its way through another claim, by the name of the resource that moves it. */
  staged?: Map<string, StagedClaim>;
}

/**
 * The volumes whose data a backup or restore moves or has moved, as the
 * cluster has them now; none where their resources cannot be read.
 */
export async function volumesOfRun(
  { target, signal }: Pick<EntityCall, 'target' | 'signal'>,
  run: RunWithVolumes,
): Promise<VolumeFinding[]> {
  const label =
    run.kind === 'Backup' ? veleroLabels.backupUid : veleroLabels.restoreUid;
  const uid = run.metadata.uid ?? '';
  let resources: DataPathResource[];
  try {
    resources = await resourcesOf(target.cluster, run.kind);
  } catch {
    signal.throwIfAborted();
    return [];
  }
  return sortVolumes(
    resources
      .filter(({ metadata }) => metadata.labels?.[label] === uid)
      .map(resource => ({
        ...movingVolume(resource),
        ...run.staged?.get(resource.metadata.name ?? ''),
      }))
      .filter(({ namespace }) => namespace === run.namespace),
  );
}

async function resourcesOf(
  { control }: Cluster,
  kind: RunWithVolumes['kind'],
): Promise<DataPathResource[]> {
  const lists: Promise<DataPathResource[]>[] =
    kind === 'Backup'
      ? [control.dataUploads.list(), control.podVolumeBackups.list()]
      : [control.dataDownloads.list(), control.podVolumeRestores.list()];
  return (await Promise.all(lists)).flat();
}
