import {
  type PodVolumeRestore,
  type Restore,
  veleroLabels,
} from '@lifeboat/velero-api';
import { identityOf, madeByRestore, moverSettings } from './dataDownload';
import { operationName } from '../../volumes/snapshot/dataNames';
import type { PodVolumeData } from './VolumeRecords';

/**
 * The order to bring the files of one volume back into a restored pod.
 *
 * @param pod - as it is in the cluster
 * @param claimUid - UID of the claim behind the volume, in the cluster
 *
 * Source: Velero `newPodVolumeRestore`; the name is deterministic here.
 */
export function podVolumeRestoreFor(
  restore: Restore,
  data: PodVolumeData,
  pod: { namespace: string; name: string; uid: string },
  claimUid?: string,
): PodVolumeRestore {
  const identity = identityOf(restore);
  const made = madeByRestore(identity);
  const settings = moverSettings(restore.spec.uploaderConfig);
  return {
    apiVersion: 'velero.io/v1',
    kind: 'PodVolumeRestore',
    metadata: {
      ...made,
      name: operationName(identity, pod.uid, data.volume),
      labels: {
        ...made.labels,
        [veleroLabels.podUid]: pod.uid,
        ...(claimUid && { [veleroLabels.pvcUid]: claimUid }),
      },
    },
    spec: {
      pod: { kind: 'Pod', ...pod },
      volume: data.volume,
      backupStorageLocation: data.location,
      repoIdentifier: '',
      uploaderType: 'kopia',
      snapshotID: data.snapshotID,
      sourceNamespace: data.repositoryNamespace,
      ...(data.size !== undefined && { snapshotSize: data.size }),
      ...(settings && { uploaderSettings: settings }),
    },
  };
}
