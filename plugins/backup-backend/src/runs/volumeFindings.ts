import type { VolumeFinding } from '@lifeboat/backstage-plugin-backup-common';
import type { BackupVolumeInfo, ResourceList } from '@lifeboat/velero-api';

const notIncluded = 'Its data was not backed up';

/** Names a volume among those of one namespace. */
export const volumeKey = ({
  pvc,
  pod,
}: Pick<VolumeFinding, 'pvc' | 'pod'>): string => `${pod ?? ''}/${pvc}`;

/**
 * For every volume in a backup: whether and how its data is in it. A claim
 * that the volume file does not name has no data in the backup; saying
 * otherwise would need proof.
 *
 * @param moving - what the cluster still knows of the data's way into the storage
 */
export function volumeFindings(
  volumes: BackupVolumeInfo[] | undefined,
  list: ResourceList | undefined,
  namespace: string,
  moving: VolumeFinding[] = [],
): VolumeFinding[] {
  const known = new Map(moving.map(volume => [volumeKey(volume), volume]));
  const found = new Map<string, VolumeFinding>();
  for (const info of volumes ?? []) {
    const finding = recordedVolume(info, namespace);
    if (finding) {
      const key = volumeKey(finding);
      // How the data travelled is not in the file; whether it is there decides the file alone.
      found.set(key, {
        ...known.get(key),
        ...finding,
        ...causeOf(known.get(key), finding),
      });
    }
  }
  for (const entry of list?.['v1/PersistentVolumeClaim'] ?? []) {
    const pvc = entry.slice(namespace.length + 1);
    if (
      entry.startsWith(`${namespace}/`) &&
      !found.has(volumeKey({ pvc })) &&
      ![...found.values()].some(volume => volume.pvc === pvc)
    ) {
      found.set(volumeKey({ pvc }), {
        pvc,
        namespace,
        included: false,
        state: 'skipped',
        reason: notIncluded,
      });
    }
  }
  return sortVolumes([...found.values()]);
}

/** In the order in which they are shown. */
export function sortVolumes(volumes: VolumeFinding[]): VolumeFinding[] {
  return volumes.sort((a, b) => (volumeKey(a) < volumeKey(b) ? -1 : 1));
}

function recordedVolume(
  info: BackupVolumeInfo,
  namespace: string,
): VolumeFinding | undefined {
  const { pvcName, pvcNamespace, pvbInfo } = info;
  const place =
    pvcName && pvcNamespace === namespace
      ? { pvc: pvcName, namespace }
      : undefined;
  const own =
    !pvcName && pvbInfo?.volumeName && pvbInfo.podNamespace === namespace
      ? { pvc: pvbInfo.volumeName, pod: pvbInfo.podName, namespace }
      : undefined;
  const where = place ?? own;
  if (!where) {
    return undefined;
  }
  const included =
    !info.skipped &&
    info.backupMethod !== undefined &&
    info.result !== 'failed';
  return {
    ...where,
    included,
    state: stateOf(info, included),
    ...methodOf(info),
    ...(!included && { reason: info.skippedReason || notIncluded }),
    ...(info.startTimestamp && { startedAt: info.startTimestamp }),
    ...(info.completionTimestamp && { completedAt: info.completionTimestamp }),
    ...(included && sizesOf(info)),
  };
}

/** Why data is missing: what moved it knows better than the file, which quotes it. */
function causeOf(
  moved: VolumeFinding | undefined,
  { included }: VolumeFinding,
): Pick<VolumeFinding, 'reason'> {
  return !included && moved?.state === 'failed' && moved.reason
    ? { reason: moved.reason }
    : {};
}

function stateOf(
  info: BackupVolumeInfo,
  included: boolean,
): VolumeFinding['state'] {
  if (included) {
    return 'done';
  }
  return info.result === 'failed' ? 'failed' : 'skipped';
}

function methodOf(info: BackupVolumeInfo): Pick<VolumeFinding, 'method'> {
  switch (info.backupMethod) {
    case 'CSISnapshot':
      return {
        method: info.snapshotDataMoved ? 'snapshot-moved' : 'snapshot-kept',
      };
    case 'NativeSnapshot':
      return { method: 'snapshot-kept' };
    case 'PodVolumeBackup':
      return { method: 'file-system' };
    default:
      return {};
  }
}

function sizesOf(
  info: BackupVolumeInfo,
): Pick<VolumeFinding, 'sizeBytes' | 'newBytes'> {
  const moved = info.snapshotDataMovementInfo ?? info.pvbInfo;
  const size = moved ? moved.size : info.csiSnapshotInfo?.size;
  return {
    ...(size !== undefined && { sizeBytes: Number(size) }),
    ...(moved?.incrementalSize !== undefined && {
      newBytes: Number(moved.incrementalSize),
    }),
  };
}
