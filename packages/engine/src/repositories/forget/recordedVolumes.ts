import {
  validLabelValue,
  veleroLabels,
  type Backup,
  type BackupOperation,
  type BackupVolumeInfo,
  type DataUpload,
  type PodVolumeBackup,
} from '@lifeboat/velero-api';
import { SpoolFolder } from '../../backup/SpoolFolder';
import type {
  ApiObject,
  KubernetesObject,
} from '../../cluster/KubernetesObject';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ResourceTypeRef } from '../../cluster/ResourceType';
import type { ControllerContext } from '../../controllers/Controller';
import { BackupContents } from '../../restore/read/BackupContents';
import type { BackupStore } from '../../storage/BackupStore';
import { ObjectNotFoundError } from '../../storage/ObjectStore';
import type { RecordedSnapshot } from './ownSnapshots';

/** A CSI snapshot that was left in the storage system. */
export interface KeptSnapshot {
  handle: string;
  driver: string;
  /** Name of the VolumeSnapshotContent that it had. */
  content: string;
  /** The VolumeSnapshotContent as it is in the backup, when it is. */
  object?: KubernetesObject;
}

/** Everything outside of its own folder that a backup made for volumes. */
export interface RecordedVolumes {
  snapshots: RecordedSnapshot[];
  /** Namespaces whose repositories may hold something of the backup. */
  namespaces: string[];
  keptSnapshots: KeptSnapshot[];
  /** Resources in the cluster that go with the backup. */
  dataUploads: DataUpload[];
  podVolumeBackups: PodVolumeBackup[];
}

/**
 * Gathers what a backup's own records say of its volumes: volume information, pod volume backups, operations, the tarball where
 * those leave something open, and the resources in the cluster, which are all there is of a backup that failed.
 *
 * @param uids - the UIDs under which the backup is known
 * @param hasFiles - whether the files in storage are those of this backup
 */
export async function recordedVolumes(
  context: ControllerContext,
  store: BackupStore,
  backup: Backup,
  { uids, hasFiles }: { uids: readonly string[]; hasFiles: boolean },
): Promise<RecordedVolumes> {
  const { signal } = context;
  const name = backup.metadata.name ?? '';
  const read = async <T>(file: Parameters<BackupStore['getBackupJson']>[1]) =>
    hasFiles
      ? (await store.getBackupJson<T[] | null>(name, file, { signal })) ??
        undefined
      : undefined;
  const volumes = await read<BackupVolumeInfo>('volumeInfo');
  const operations = await read<BackupOperation>('itemOperations');
  const podVolumes = await read<PodVolumeBackup>('podVolumeBackups');
  const isOwn = ({ metadata }: ApiObject) =>
    uids.includes(metadata.labels?.[veleroLabels.backupUid] ?? '');
  const dataUploads = await owned<DataUpload>(
    context,
    veleroTypes.dataUploads,
    isOwn,
  );
  const podVolumeBackups = await owned<PodVolumeBackup>(
    context,
    veleroTypes.podVolumeBackups,
    isOwn,
  );
  let keptSnapshots = (volumes ?? []).flatMap(keptSnapshot);
  const uploads = [...dataUploads];
  if (hasFiles && (!volumes || keptSnapshots.length > 0)) {
    const { uploads: moved, contents } = await readTarball(
      context,
      store,
      name,
      object =>
        isOwn(object) ||
        object.metadata.labels?.[veleroLabels.backupName] ===
          validLabelValue(name),
    );
    uploads.push(...moved.filter(isOwn));
    keptSnapshots = volumes
      ? keptSnapshots.map(kept => withObject(kept, contents))
      : contents.flatMap(asKept);
  }
  const snapshots = [
    ...(volumes ?? []).flatMap(ofVolume),
    ...uploads.flatMap(ofUpload),
    ...[...(podVolumes ?? []), ...podVolumeBackups]
      .filter(each => isOwn(each))
      .flatMap(ofPodVolume),
  ];
  const namespaces = new Set([
    ...snapshots.map(({ volumeNamespace }) => volumeNamespace),
    ...uploads.map(({ spec }) => spec.sourceNamespace),
    ...podVolumeBackups.map(({ spec }) => spec.pod.namespace ?? ''),
    ...(operations ?? [])
      .filter(({ spec }) =>
        uids.some(uid => spec.operationID.startsWith(`du-${uid}.`)),
      )
      .map(({ spec }) => spec.resourceIdentifier.Namespace),
  ]);
  namespaces.delete('');
  return {
    snapshots,
    namespaces: [...namespaces].sort(),
    keptSnapshots,
    dataUploads,
    podVolumeBackups,
  };
}

async function owned<T extends ApiObject>(
  { client, namespace, signal }: ControllerContext,
  type: ResourceTypeRef,
  isOwn: (object: ApiObject) => boolean,
): Promise<T[]> {
  const found: T[] = [];
  for await (const object of client.list<T>(type, { namespace, signal })) {
    if (isOwn(object)) found.push(object);
  }
  return found;
}

/** Data that was moved needs no record to be found in its repository; file-system backups do. */
function ofVolume(volume: BackupVolumeInfo): RecordedSnapshot[] {
  const { snapshotDataMovementInfo: moved, pvbInfo } = volume;
  if (moved?.snapshotHandle && volume.pvcNamespace) {
    return [
      {
        snapshotID: moved.snapshotHandle,
        volumeNamespace: volume.pvcNamespace,
      },
    ];
  }
  if (pvbInfo?.snapshotHandle && pvbInfo.podNamespace) {
    return [
      {
        snapshotID: pvbInfo.snapshotHandle,
        volumeNamespace: pvbInfo.podNamespace,
        podVolume: `${pvbInfo.podNamespace}/${pvbInfo.podName}/${
          volume.pvcName || pvbInfo.volumeName
        }`,
      },
    ];
  }
  return [];
}

function ofUpload({ spec, status }: DataUpload): RecordedSnapshot[] {
  return status?.snapshotID
    ? [
        {
          snapshotID: status.snapshotID,
          volumeNamespace: spec.sourceNamespace,
        },
      ]
    : [];
}

function ofPodVolume({
  metadata,
  spec,
  status,
}: PodVolumeBackup): RecordedSnapshot[] {
  const { namespace, name } = spec.pod;
  if (!status?.snapshotID || !namespace) return [];
  const volume = metadata.annotations?.['velero.io/pvc-name'] || spec.volume;
  return [
    {
      snapshotID: status.snapshotID,
      volumeNamespace: namespace,
      podVolume: `${namespace}/${name}/${volume}`,
    },
  ];
}

function keptSnapshot(volume: BackupVolumeInfo): KeptSnapshot[] {
  const { csiSnapshotInfo: csi, snapshotDataMoved, skipped } = volume;
  if (!csi || snapshotDataMoved || skipped) return [];
  const { snapshotHandle: handle, driver, vscName } = csi;
  return handle && handle !== 'unknown'
    ? [{ handle, driver, content: vscName }]
    : [];
}

function withObject(
  kept: KeptSnapshot,
  contents: readonly KubernetesObject[],
): KeptSnapshot {
  const object = contents.find(
    content =>
      content.metadata.name === kept.content &&
      handleOf(content) === kept.handle,
  );
  return { ...kept, ...(object ? { object } : {}) };
}

function asKept(object: KubernetesObject): KeptSnapshot[] {
  const handle = handleOf(object);
  const { driver } = (object.spec ?? {}) as { driver?: string };
  return handle && driver
    ? [{ handle, driver, content: object.metadata.name ?? '', object }]
    : [];
}

function handleOf(content: KubernetesObject): string | undefined {
  const { snapshotHandle } = (content.status ?? {}) as {
    snapshotHandle?: string;
  };
  return snapshotHandle;
}

/** A backup without a tarball holds nothing; one that is damaged says so and is not deleted blindly. */
async function readTarball(
  { signal }: ControllerContext,
  store: BackupStore,
  backup: string,
  isOwn: (object: ApiObject) => boolean,
): Promise<{ uploads: DataUpload[]; contents: KubernetesObject[] }> {
  const spool = await SpoolFolder.create();
  try {
    const contents = await BackupContents.unpack(
      await store.readContents(backup, { signal }),
      spool.file('contents'),
      { signal },
    );
    // One after the other: what is kept is small, what is read need not be.
    const objects = async (type: string) => {
      const found: KubernetesObject[] = [];
      for (const item of contents.itemsOf(type)) {
        const object = await contents.read(item);
        if (isOwn(object)) found.push(object);
      }
      return found;
    };
    try {
      return {
        uploads: (await objects(
          'datauploads.velero.io',
        )) as unknown as DataUpload[],
        contents: await objects(
          'volumesnapshotcontents.snapshot.storage.k8s.io',
        ),
      };
    } finally {
      await contents.close();
    }
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    return { uploads: [], contents: [] };
  } finally {
    await spool.remove();
  }
}
