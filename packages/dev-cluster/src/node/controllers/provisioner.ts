import { keyOf } from '../api/Informer';
import { isConflict, isNotFound, KubeError } from '../api/KubeClient';
import { types } from '../api/Resource';
import { FolderDriver, VolumeMode, VolumeSource } from '../driver/FolderDriver';
import { isOurDriver, PLAIN_DRIVER } from '../driver/storageObjects';
import { parseQuantity } from '../quantity';
import { changeFinalizers } from '../snapshots/finalizers';
import {
  areBound,
  snapshotMarks,
  VolumeSnapshot,
  VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../snapshots/snapshotTypes';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { EventRecorder } from './EventRecorder';
import {
  Claim,
  PROVISIONED_BY,
  PROVISIONER,
  SELECTED_NODE,
  StorageClass,
  Volume,
} from './volumes';

const CLONE_PROTECTION = 'provisioner.storage.kubernetes.io/cloning-protection';
const VOLUME_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
const RETRY_MS = 500;

/** Why a volume cannot be provided now; it is tried again. */
class ProvisioningFault extends Error {}

/** What external-provisioner does beside the folder driver: makes volumes for claims and deletes released ones. */
export function provisioner(
  context: ControllerContext,
  driver: FolderDriver,
  events: EventRecorder,
): Controller {
  const { client, informers } = context;
  const claims = informers.of<Claim>(types.persistentVolumeClaims);
  const volumes = informers.of<Volume>(types.persistentVolumes);
  const classes = informers.of<StorageClass>(types.storageClasses);
  const snapshots = informers.of<VolumeSnapshot>(volumeSnapshots);
  const contents = informers.of<VolumeSnapshotContent>(volumeSnapshotContents);

  function snapshotSource(claim: Claim, name: string): VolumeSource {
    const fail = (text: string) =>
      new ProvisioningFault(
        `error getting handle for DataSource Type VolumeSnapshot by Name ${name}: ${text}`,
      );
    const snapshot = snapshots.get(`${claim.metadata.namespace}/${name}`);
    if (!snapshot) {
      throw fail(
        `error getting snapshot ${name} from api server: volumesnapshots.snapshot.storage.k8s.io "${name}" not found`,
      );
    }
    if (snapshot.metadata.deletionTimestamp) {
      throw fail(`snapshot ${name} is currently being deleted`);
    }
    const bound = snapshot.status?.boundVolumeSnapshotContentName;
    const content = bound ? contents.get(bound) : undefined;
    if (!content || !areBound(snapshot, content)) {
      throw fail(`snapshot ${name} not bound`);
    }
    const handle = content.status?.snapshotHandle;
    if (!snapshot.status?.readyToUse || !handle) {
      throw fail(`snapshot ${name} is not Ready`);
    }
    const requested = requestedBytes(claim);
    const needed = parseQuantity(String(snapshot.status.restoreSize ?? '0'));
    if (requested < needed) {
      throw fail(
        `requested volume size ${requested} is less than the size ${needed} for the source snapshot ${name}`,
      );
    }
    const mode = claim.spec?.volumeMode ?? 'Filesystem';
    const { sourceVolumeMode = mode } = content.spec ?? {};
    const mayChange =
      content.metadata.annotations?.[snapshotMarks.modeChange] === 'true';
    if (sourceVolumeMode !== mode && !mayChange) {
      throw fail(
        `requested volume ${claim.metadata.namespace}/${claim.metadata.name} modifies the mode of the source volume but does not have permission to do so. ${snapshotMarks.modeChange} annotation is not present on snapshotcontent ${content.metadata.name}`,
      );
    }
    return { snapshot: handle };
  }

  function claimSource(claim: Claim, name: string): [VolumeSource, Claim] {
    const fail = (text: string) =>
      new ProvisioningFault(
        `error getting handle for DataSource Type PersistentVolumeClaim by Name ${name}: ${text}`,
      );
    const source = claims.get(`${claim.metadata.namespace}/${name}`);
    if (!source) {
      throw fail(
        `error getting PVC ${name} (namespace "${claim.metadata.namespace}") from api server: persistentvolumeclaim "${name}" not found`,
      );
    }
    const volume = volumes.get(source.spec?.volumeName ?? '');
    if (source.status?.phase !== 'Bound' || !volume) {
      throw fail(
        `the PVC DataSource ${name} must have a status of Bound. Got ${source.status?.phase}`,
      );
    }
    if (source.metadata.deletionTimestamp) {
      throw fail(`the PVC DataSource ${name} is currently being deleted`);
    }
    const handle = volume.spec?.csi?.volumeHandle;
    if (!isOurDriver(volume.spec?.csi?.driver) || !handle) {
      throw fail('the source volume was not provided by this driver');
    }
    if (
      (volume.spec?.volumeMode ?? 'Filesystem') !==
      (claim.spec?.volumeMode ?? 'Filesystem')
    ) {
      throw fail(
        'the source PVC and destination PVCs must have the same volume mode for cloning',
      );
    }
    const size = parseQuantity(source.status?.capacity?.storage ?? '0');
    if (requestedBytes(claim) < size) {
      throw fail(
        `new PVC request must be greater than or equal in size to the specified PVC data source, requested ${requestedBytes(
          claim,
        )} but source is ${size}`,
      );
    }
    return [{ volume: handle }, source];
  }

  function sourceOf(
    claim: Claim,
    driverName: string,
  ): { source?: VolumeSource; cloned?: Claim } {
    const wanted = claim.spec?.dataSource ?? claim.spec?.dataSourceRef;
    if (!wanted) return {};
    if (driverName === PLAIN_DRIVER) {
      throw new ProvisioningFault(
        `CSI driver does not support ${
          wanted.kind === 'VolumeSnapshot' ? 'snapshot restore' : 'clone'
        }: plugin lacks the capability`,
      );
    }
    if (wanted.kind === 'VolumeSnapshot') {
      return { source: snapshotSource(claim, wanted.name ?? '') };
    }
    if (wanted.kind === 'PersistentVolumeClaim') {
      const [source, cloned] = claimSource(claim, wanted.name ?? '');
      return { source, cloned };
    }
    throw new ProvisioningFault(
      `the DataSource specified by kind ${wanted.kind} is not supported`,
    );
  }

  async function createVolume(
    claim: Claim,
    storageClass: StorageClass,
    name: string,
  ): Promise<void> {
    const { namespace, uid, resourceVersion } = claim.metadata;
    const policy = storageClass.reclaimPolicy ?? 'Delete';
    try {
      volumes.observe(
        await client.create<Volume>(types.persistentVolumes, undefined, {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: {
            name,
            annotations: { [PROVISIONED_BY]: storageClass.provisioner },
            finalizers: [
              'kubernetes.io/pv-protection',
              ...(policy === 'Delete' ? [VOLUME_FINALIZER] : []),
            ],
          },
          spec: {
            capacity: {
              storage: claim.spec?.resources?.requests?.storage ?? '1Gi',
            },
            accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
            persistentVolumeReclaimPolicy: policy,
            storageClassName: storageClass.metadata.name,
            volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
            csi: { driver: storageClass.provisioner, volumeHandle: name },
            claimRef: {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              namespace,
              name: claim.metadata.name,
              uid,
              resourceVersion,
            },
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof KubeError && error.reason === 'AlreadyExists')) {
        throw error;
      }
    }
  }

  const claimQueue = queueFor(context, 'provisioner', async key => {
    const claim = claims.get(key);
    const provisionedBy = claim?.metadata.annotations?.[PROVISIONER];
    if (
      !claim ||
      claim.metadata.deletionTimestamp ||
      claim.spec?.volumeName ||
      !isOurDriver(provisionedBy)
    ) {
      return undefined;
    }
    const storageClass = classes.get(claim.spec?.storageClassName ?? '');
    if (!storageClass || storageClass.provisioner !== provisionedBy) {
      return undefined;
    }
    if (
      storageClass.volumeBindingMode === 'WaitForFirstConsumer' &&
      !claim.metadata.annotations?.[SELECTED_NODE]
    ) {
      return undefined;
    }
    const name = `pvc-${claim.metadata.uid}`;
    if (volumes.get(name)) return undefined;
    try {
      const { source, cloned } = sourceOf(claim, storageClass.provisioner);
      if (cloned) {
        await changeFinalizers(context, claims, cloned, {
          add: [CLONE_PROTECTION],
        });
      }
      await driver.createVolume(
        name,
        {
          sizeBytes: requestedBytes(claim),
          mode: (claim.spec?.volumeMode ?? 'Filesystem') as VolumeMode,
          readOnlyMany: claim.spec?.accessModes?.includes('ReadOnlyMany'),
        },
        source,
      );
      const now = await client.find<Claim>(
        types.persistentVolumeClaims,
        claim.metadata.namespace,
        claim.metadata.name,
      );
      const gone = now?.metadata.uid !== claim.metadata.uid;
      if (gone) await driver.deleteVolume(name);
      else await createVolume(claim, storageClass, name);
      if (cloned) await releaseCloned(keyOf(cloned));
      return undefined;
    } catch (error) {
      if (context.signal.aborted || isConflict(error)) throw error;
      const message = `failed to provision volume with StorageClass "${
        storageClass.metadata.name
      }": ${(error as Error).message}`;
      await events.record(claim, 'Warning', 'ProvisioningFailed', message);
      return { requeueAfterMs: RETRY_MS };
    }
  });

  async function releaseCloned(key: string): Promise<void> {
    const source = claims.get(key);
    const needed = claims
      .list(source?.metadata.namespace)
      .some(
        other =>
          other.status?.phase === 'Pending' &&
          !other.spec?.volumeName &&
          !volumes.get(`pvc-${other.metadata.uid}`) &&
          other.spec?.dataSource?.kind === 'PersistentVolumeClaim' &&
          other.spec.dataSource.name === source?.metadata.name,
      );
    if (source && !needed) {
      await changeFinalizers(context, claims, source, {
        remove: [CLONE_PROTECTION],
      });
    }
  }

  const volumeQueue = queueFor(context, 'released volumes', async key => {
    const volume = volumes.get(key);
    const handle = volume?.spec?.csi?.volumeHandle;
    if (!volume || !handle || !isOurDriver(volume.spec?.csi?.driver)) return;
    const deletes = volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
    const provisioned = isOurDriver(
      volume.metadata.annotations?.[PROVISIONED_BY],
    );
    if (!volume.metadata.deletionTimestamp) {
      await changeFinalizers(context, volumes, volume, {
        [deletes && provisioned ? 'add' : 'remove']: [VOLUME_FINALIZER],
      });
    }
    if (!deletes || !provisioned || volume.status?.phase === 'Bound') return;
    const released = volume.status?.phase === 'Released';
    const { claimRef } = volume.spec ?? {};
    const claim = claims.get(`${claimRef?.namespace}/${claimRef?.name}`);
    const used = claimRef?.uid && claim?.metadata.uid === claimRef.uid;
    if (used || !(released || volume.metadata.deletionTimestamp)) return;
    await driver.deleteVolume(handle);
    await client.delete(
      types.persistentVolumes,
      undefined,
      volume.metadata.name,
      { preconditions: { uid: volume.metadata.uid } },
    );
    const now = await client.find<Volume>(
      types.persistentVolumes,
      undefined,
      volume.metadata.name,
    );
    if (now && now.metadata.uid === volume.metadata.uid) {
      await changeFinalizers(context, volumes, now, {
        remove: [VOLUME_FINALIZER],
      }).catch(error => {
        if (!isNotFound(error)) throw error;
      });
    }
  });

  claims.onChange(claim => claimQueue.add(keyOf(claim)));
  snapshots.onChange(snapshot => {
    for (const claim of claims.list(snapshot.metadata.namespace)) {
      if (
        !claim.spec?.volumeName &&
        claim.spec?.dataSource?.name === snapshot.metadata.name
      ) {
        claimQueue.add(keyOf(claim));
      }
    }
  });
  volumes.onChange(volume => volumeQueue.add(volume.metadata.name));
  return {
    start() {
      claimQueue.start();
      volumeQueue.start();
    },
  };
}

function requestedBytes(claim: Claim): number {
  return parseQuantity(claim.spec?.resources?.requests?.storage ?? '1Gi');
}
