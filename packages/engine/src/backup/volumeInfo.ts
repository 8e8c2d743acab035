import type { BackupVolumeInfo, VolumeCounts } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { objectAt, stringAt } from './jsonPath';

/**
 * Collects the volumes of a backup for `<backup>-volumeinfo.json.gz`. A restore decides by this file how a volume is treated,
 * so each PersistentVolume must be named in it.
 */
export class VolumeInfoCollector {
  private readonly byVolume = new Map<string, BackupVolumeInfo>();
  private readonly unbound: BackupVolumeInfo[] = [];

  /** A claim whose data is not included. */
  skipClaim(claim: KubernetesObject, reason: string): void {
    const pvName = stringAt(claim, 'spec', 'volumeName');
    const info: BackupVolumeInfo = {
      pvcName: claim.metadata.name,
      pvcNamespace: claim.metadata.namespace,
      ...(pvName && { pvName }),
      snapshotDataMoved: false,
      preserveLocalSnapshot: false,
      skipped: true,
      skippedReason: reason,
    };
    if (pvName) {
      this.byVolume.set(pvName, { ...this.byVolume.get(pvName), ...info });
    } else {
      this.unbound.push(info);
    }
  }

  /** A claim whose data is taken; how it ends is told by its record. */
  takeClaim(claim: KubernetesObject): void {
    const pvName = stringAt(claim, 'spec', 'volumeName');
    const info: BackupVolumeInfo = {
      pvcName: claim.metadata.name,
      pvcNamespace: claim.metadata.namespace,
      ...(pvName && { pvName }),
      snapshotDataMoved: false,
      preserveLocalSnapshot: false,
      skipped: false,
    };
    if (pvName) {
      const { pvInfo } = this.byVolume.get(pvName) ?? {};
      this.byVolume.set(pvName, { ...info, ...(pvInfo && { pvInfo }) });
    } else {
      this.unbound.push(info);
    }
  }

  /** The data of a claim was to be taken and could not be. */
  failClaim(claim: { namespace: string; name: string }, reason: string): void {
    for (const info of [...this.byVolume.values(), ...this.unbound]) {
      if (
        info.pvcName === claim.name &&
        info.pvcNamespace === claim.namespace
      ) {
        Object.assign(info, {
          skipped: true,
          skippedReason: reason,
          result: 'failed',
        });
      }
    }
  }

  /** A volume whose data is not included. Keeps what its claim said. */
  skipVolume(volume: KubernetesObject, reason: string): void {
    const pvName = volume.metadata.name ?? '';
    const known = this.byVolume.get(pvName);
    const claim = objectAt(volume, 'spec', 'claimRef');
    this.byVolume.set(pvName, {
      pvcName: stringAt(claim, 'name'),
      pvcNamespace: stringAt(claim, 'namespace'),
      pvName,
      snapshotDataMoved: false,
      preserveLocalSnapshot: false,
      skipped: true,
      skippedReason: reason,
      ...known,
      pvInfo: {
        reclaimPolicy: stringAt(
          volume,
          'spec',
          'persistentVolumeReclaimPolicy',
        ),
        labels: volume.metadata.labels,
      },
    });
  }

  /** Number of claims and volumes seen, each pair counted once. */
  get count(): number {
    return this.byVolume.size + this.unbound.length;
  }

  /** How many there are and how many have their data in the backup. */
  counts(): VolumeCounts {
    return countVolumes(this.toJSON());
  }

  toJSON(): BackupVolumeInfo[] {
    return [...this.byVolume.values(), ...this.unbound];
  }
}

/** How many volumes there are and how many have their data in the backup. */
export function countVolumes(infos: BackupVolumeInfo[]): VolumeCounts {
  return {
    count: infos.length,
    included: infos.filter(
      ({ skipped, result }) => !skipped && result !== 'failed',
    ).length,
  };
}
