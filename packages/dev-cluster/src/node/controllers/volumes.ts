import { V1LabelSelector } from '@kubernetes/client-node';
import { keyOf } from '../api/Informer';
import { isNotFound, KubeError } from '../api/KubeClient';
import { Resource, types } from '../api/Resource';
import { matchesSelector } from '../api/labelSelector';
import { parseQuantity } from '../quantity';
import { FolderVolumes } from '../FolderVolumes';
import { Controller, ControllerContext, queueFor } from './ControllerContext';

export const FOLDERS_DRIVER = 'folders.dev-cluster.lifeboat.dev';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const BETA_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

interface ClaimSpec {
  accessModes?: string[];
  resources?: { requests?: Record<string, string> };
  selector?: V1LabelSelector;
  storageClassName?: string;
  volumeMode?: string;
  volumeName?: string;
}
export type Claim = Resource<ClaimSpec, { phase?: string }>;

interface VolumeSpec {
  accessModes?: string[];
  capacity?: Record<string, string>;
  claimRef?: {
    apiVersion?: string;
    kind?: string;
    namespace?: string;
    name?: string;
    uid?: string;
    resourceVersion?: string;
  } | null;
  csi?: { driver: string; volumeHandle: string };
  persistentVolumeReclaimPolicy?: string;
  storageClassName?: string;
  volumeMode?: string;
}
export type Volume = Resource<VolumeSpec, { phase?: string }>;

export type StorageClass = Resource & {
  provisioner: string;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
};

/** Whether a volume without an owner may serve a claim. Kubernetes: class, mode, access modes, size, selector. */
export function volumeFits(volume: Volume, claim: Claim): boolean {
  const spec = volume.spec ?? {};
  const wanted = claim.spec ?? {};
  return (
    !volume.metadata.deletionTimestamp &&
    volume.status?.phase !== 'Released' &&
    volume.status?.phase !== 'Failed' &&
    !spec.claimRef &&
    (spec.storageClassName ?? '') === (wanted.storageClassName ?? '') &&
    (spec.volumeMode ?? 'Filesystem') === (wanted.volumeMode ?? 'Filesystem') &&
    (wanted.accessModes ?? []).every(mode =>
      (spec.accessModes ?? []).includes(mode),
    ) &&
    parseQuantity(spec.capacity?.storage ?? '0') >=
      parseQuantity(wanted.resources?.requests?.storage ?? '0') &&
    (!wanted.selector ||
      matchesSelector(wanted.selector, volume.metadata.labels))
  );
}

/** Binds claims to volumes and provides volumes as folders (the CSI-like driver of the node part). */
export function volumeBinding(
  context: ControllerContext,
  folders: FolderVolumes,
): Controller {
  const { client, informers } = context;
  const claims = informers.of<Claim>(types.persistentVolumeClaims);
  const volumes = informers.of<Volume>(types.persistentVolumes);
  const classes = informers.of<StorageClass>(types.storageClasses);

  async function setClaimPhase(
    claim: Claim,
    phase: 'Pending' | 'Bound' | 'Lost',
    volume?: Volume,
  ): Promise<void> {
    if (claim.status?.phase === phase) return;
    claims.observe(
      await client.patch<Claim>(
        types.persistentVolumeClaims,
        claim.metadata.namespace,
        claim.metadata.name,
        {
          metadata: { uid: claim.metadata.uid },
          status: {
            phase,
            accessModes: volume?.spec?.accessModes ?? null,
            capacity: volume?.spec?.capacity ?? null,
          },
        },
        { subresource: 'status' },
      ),
    );
  }

  async function bind(claim: Claim, volume: Volume): Promise<void> {
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    let bound = volume;
    if (volume.spec?.claimRef?.uid !== uid) {
      bound = await client.patch<Volume>(
        types.persistentVolumes,
        undefined,
        volume.metadata.name,
        {
          metadata: { resourceVersion: volume.metadata.resourceVersion },
          spec: {
            claimRef: {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              namespace,
              name,
              uid,
              resourceVersion,
            },
          },
        },
      );
      volumes.observe(bound);
    }
    await setVolumePhase(bound, 'Bound');
    let current = claim;
    if (
      claim.spec?.volumeName !== volume.metadata.name ||
      !claim.metadata.annotations?.[BIND_COMPLETED]
    ) {
      current = await client.patch<Claim>(
        types.persistentVolumeClaims,
        namespace,
        name,
        {
          metadata: {
            uid,
            annotations: {
              [BIND_COMPLETED]: 'yes',
              ...(claim.spec?.volumeName
                ? {}
                : { [BOUND_BY_CONTROLLER]: 'yes' }),
            },
          },
          spec: { volumeName: volume.metadata.name },
        },
      );
      claims.observe(current);
    }
    await setClaimPhase(current, 'Bound', bound);
  }

  async function provision(
    claim: Claim,
    storageClass: StorageClass,
  ): Promise<void> {
    const { namespace, name, uid } = claim.metadata;
    const volumeName = `pvc-${uid}`;
    await folders.create(volumeName);
    if (claim.metadata.annotations?.[PROVISIONER] !== FOLDERS_DRIVER) {
      claims.observe(
        await client.patch<Claim>(
          types.persistentVolumeClaims,
          namespace,
          name,
          {
            metadata: {
              uid,
              annotations: {
                [PROVISIONER]: FOLDERS_DRIVER,
                [BETA_PROVISIONER]: FOLDERS_DRIVER,
              },
            },
          },
        ),
      );
    }
    try {
      volumes.observe(
        await client.create<Volume>(types.persistentVolumes, undefined, {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: {
            name: volumeName,
            annotations: { [PROVISIONED_BY]: FOLDERS_DRIVER },
            finalizers: ['kubernetes.io/pv-protection'],
          },
          spec: {
            capacity: {
              storage: claim.spec?.resources?.requests?.storage ?? '1Gi',
            },
            accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
            persistentVolumeReclaimPolicy:
              storageClass.reclaimPolicy ?? 'Delete',
            storageClassName: storageClass.metadata.name,
            volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
            csi: { driver: FOLDERS_DRIVER, volumeHandle: volumeName },
            claimRef: {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              namespace,
              name,
              uid,
              resourceVersion: claim.metadata.resourceVersion,
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

  const claimQueue = queueFor(context, 'claims', async key => {
    const claim = claims.get(key);
    if (!claim || claim.metadata.deletionTimestamp) return;
    const { volumeName } = claim.spec ?? {};
    if (volumeName) {
      const volume = volumes.get(volumeName);
      const reference = volume?.spec?.claimRef;
      const ours =
        !reference ||
        reference.uid === claim.metadata.uid ||
        (!reference.uid &&
          reference.namespace === claim.metadata.namespace &&
          reference.name === claim.metadata.name);
      if (volume && ours) await bind(claim, volume);
      else if (claim.metadata.annotations?.[BIND_COMPLETED]) {
        await setClaimPhase(claim, 'Lost');
      } else await setClaimPhase(claim, 'Pending');
      return;
    }
    const meant = volumes
      .list()
      .find(
        volume =>
          volume.spec?.claimRef?.namespace === claim.metadata.namespace &&
          volume.spec?.claimRef?.name === claim.metadata.name &&
          (!volume.spec.claimRef.uid ||
            volume.spec.claimRef.uid === claim.metadata.uid),
      );
    if (meant) {
      await bind(claim, meant);
      return;
    }
    if (claim.spec?.storageClassName === undefined) {
      const standard = classes
        .list()
        .find(each => each.metadata.annotations?.[DEFAULT_CLASS] === 'true');
      if (standard) {
        claims.observe(
          await client.patch<Claim>(
            types.persistentVolumeClaims,
            claim.metadata.namespace,
            claim.metadata.name,
            { spec: { storageClassName: standard.metadata.name } },
          ),
        );
      } else await setClaimPhase(claim, 'Pending');
      return;
    }
    const free = volumes
      .list()
      .filter(volume => volumeFits(volume, claim))
      .sort(
        (a, b) =>
          parseQuantity(a.spec?.capacity?.storage ?? '0') -
          parseQuantity(b.spec?.capacity?.storage ?? '0'),
      );
    if (free.length > 0) {
      await bind(claim, free[0]);
      return;
    }
    const storageClass = classes.get(claim.spec.storageClassName);
    const waits =
      storageClass?.volumeBindingMode === 'WaitForFirstConsumer' &&
      !claim.metadata.annotations?.[SELECTED_NODE];
    if (storageClass?.provisioner === FOLDERS_DRIVER && !waits) {
      await provision(claim, storageClass);
      claimQueue.add(key);
      return;
    }
    await setClaimPhase(claim, 'Pending');
  });

  async function setVolumePhase(volume: Volume, phase: string): Promise<void> {
    if (volume.status?.phase === phase) return;
    volumes.observe(
      await client.patch<Volume>(
        types.persistentVolumes,
        undefined,
        volume.metadata.name,
        { metadata: { uid: volume.metadata.uid }, status: { phase } },
        { subresource: 'status' },
      ),
    );
  }

  const volumeQueue = queueFor(context, 'volumes', async key => {
    const volume = volumes.get(key);
    if (!volume) return;
    const reference = volume.spec?.claimRef;
    if (!reference) {
      if (!volume.metadata.deletionTimestamp) {
        await setVolumePhase(volume, 'Available');
        for (const claim of claims.list()) {
          if (!claim.spec?.volumeName) claimQueue.add(keyOf(claim));
        }
      }
      return;
    }
    const claimKey = `${reference.namespace}/${reference.name}`;
    const claim = claims.get(claimKey);
    if (!reference.uid) {
      if (claim) claimQueue.add(claimKey);
      else await setVolumePhase(volume, 'Available');
      return;
    }
    if (claim?.metadata.uid === reference.uid) {
      claimQueue.add(claimKey);
      return;
    }
    const live = await client.find<Claim>(
      types.persistentVolumeClaims,
      reference.namespace,
      reference.name ?? '',
    );
    if (live?.metadata.uid === reference.uid) return;
    try {
      await setVolumePhase(volume, 'Released');
      if (
        volume.spec?.persistentVolumeReclaimPolicy === 'Delete' &&
        volume.spec.csi?.driver === FOLDERS_DRIVER
      ) {
        await folders.remove(volume.spec.csi.volumeHandle);
        await client.delete(
          types.persistentVolumes,
          undefined,
          volume.metadata.name,
          { preconditions: { uid: volume.metadata.uid } },
        );
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });

  claims.onChange((claim, change) => {
    if (change === 'set') claimQueue.add(keyOf(claim));
    else if (claim.spec?.volumeName) volumeQueue.add(claim.spec.volumeName);
  });
  volumes.onChange((volume, change) => {
    volumeQueue.add(volume.metadata.name);
    const reference = volume.spec?.claimRef;
    if (change === 'deleted' && reference) {
      claimQueue.add(`${reference.namespace}/${reference.name}`);
    }
  });
  classes.onChange(() => {
    for (const claim of claims.list()) {
      if (!claim.spec?.volumeName) claimQueue.add(keyOf(claim));
    }
  });
  return {
    start() {
      claimQueue.start();
      volumeQueue.start();
    },
  };
}

/** Creates the StorageClass `standard` and the CSIDriver object when they are absent. */
export async function ensureStorageClass(
  context: ControllerContext,
): Promise<void> {
  const { client, signal } = context;
  if (
    !(await client.find(types.storageClasses, undefined, 'standard', signal))
  ) {
    await client.create(types.storageClasses, undefined, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: 'standard',
        annotations: { [DEFAULT_CLASS]: 'true' },
      },
      provisioner: FOLDERS_DRIVER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
  }
  if (
    !(await client.find(types.csiDrivers, undefined, FOLDERS_DRIVER, signal))
  ) {
    await client.create(types.csiDrivers, undefined, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: FOLDERS_DRIVER },
      spec: { attachRequired: false },
    });
  }
}
