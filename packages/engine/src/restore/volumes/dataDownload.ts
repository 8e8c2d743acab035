import {
  type Backup,
  type DataDownload,
  defaults,
  formatDuration,
  parseDurationOr,
  type Restore,
  type UploaderConfigForRestore,
  validLabelValue,
  veleroLabels,
} from '@lifeboat/velero-api';
import { operationName } from '../../volumes/snapshot/dataNames';
import type { RepositoryData } from './VolumeRecords';

/** What identifies a restore in the objects that it makes. */
export interface RestoreIdentity {
  name: string;
  uid: string;
  namespace: string;
}

/** Name, UID and namespace of a Restore. */
export function identityOf(restore: Restore): RestoreIdentity {
  const { name = '', uid = '', namespace = '' } = restore.metadata;
  return { name, uid, namespace };
}

/** Owner and labels of the objects that a restore makes for its volume data. */
export function madeByRestore({ name, uid, namespace }: RestoreIdentity) {
  return {
    namespace,
    ownerReferences: [
      {
        apiVersion: 'velero.io/v1',
        kind: 'Restore',
        name,
        uid,
        controller: true,
      },
    ],
    labels: {
      [veleroLabels.restoreName]: validLabelValue(name),
      [veleroLabels.restoreUid]: uid,
    },
  };
}

/** The settings of a Restore for the program that writes the data; undefined when there are none. */
export function moverSettings(
  config: UploaderConfigForRestore | undefined,
): { [key: string]: string } | undefined {
  if (!config) {
    return undefined;
  }
  const settings: { [key: string]: string } = {
    WriteSparseFiles: String(config.writeSparseFiles ?? false),
  };
  if (config.parallelFilesDownload) {
    settings.ParallelFilesDownload = String(config.parallelFilesDownload);
  }
  return settings;
}

/** The operation ID of a claim's data, which Velero puts into labels and item operations. */
export function downloadOperationId(
  restoreUid: string,
  claimUid: string,
): string {
  return validLabelValue(`dd-${restoreUid}.${claimUid}`);
}

/**
 * The order to bring a claim's content back from the repository.
 *
 * @param target - the claim that waits for it
 * @param claimUid - UID of the claim in the backup
 *
 * Source: Velero `newDataDownload`; the name is deterministic here.
 */
export function dataDownloadFor(
  restore: Restore,
  backup: Backup,
  data: RepositoryData,
  target: { namespace: string; name: string },
  claimUid: string,
): DataDownload {
  const identity = identityOf(restore);
  const made = madeByRestore(identity);
  const settings = moverSettings(restore.spec.uploaderConfig);
  return {
    apiVersion: 'velero.io/v2alpha1',
    kind: 'DataDownload',
    metadata: {
      ...made,
      name: operationName(identity, target.namespace, target.name),
      labels: {
        ...made.labels,
        [veleroLabels.asyncOperationId]: downloadOperationId(
          identity.uid,
          claimUid,
        ),
      },
    },
    spec: {
      targetVolume: {
        pvc: target.name,
        pv: '',
        namespace: target.namespace,
      },
      backupStorageLocation: data.location,
      ...(data.dataMover && { datamover: data.dataMover }),
      snapshotID: data.snapshotID,
      sourceNamespace: data.repositoryNamespace,
      operationTimeout: formatDuration(
        parseDurationOr(
          backup.spec.csiSnapshotTimeout,
          defaults.csiSnapshotTimeout,
        ),
      ),
      nodeOS: data.nodeOS ?? 'linux',
      ...(data.size !== undefined && { snapshotSize: data.size }),
      ...(settings && { dataMoverConfig: settings }),
    },
  };
}
