import { V1LabelSelector } from '@kubernetes/client-node';
import { keyOf } from '../api/Informer';
import { isNotFound } from '../api/KubeClient';
import { Resource, types } from '../api/Resource';
import { matchesSelector } from '../api/labelSelector';
import { DEFAULT_CLASS, isOurDriver } from '../driver/storageObjects';
import { parseQuantity } from '../quantity';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { EventRecorder } from './EventRecorder';

const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const BETA_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

interface DataSource {
  apiGroup?: string;
  kind?: string;
  name?: string;
}

interface ClaimSpec {
  accessModes?: string[];
  dataSource?: DataSource;
  dataSourceRef?: DataSource;
  resources?: { requests?: Record<string, string> };
  selector?: V1LabelSelector;
  storageClassName?: string;
  volumeMode?: string;
  volumeName?: string;
}
export type Claim = Resource<
  ClaimSpec,
  { phase?: string; capacity?: Record<string, string> }
>;

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

/** Why a volume cannot serve a claim that asks for it by name, or undefined. Kubernetes: size, class, mode, access modes. */
export function volumeMismatch(
  volume: Volume,
  claim: Claim,
): string | undefined {
  const spec = volume.spec ?? {};
  const wanted = claim.spec ?? {};
  if (isTooSmall(volume, claim)) return 'requested PV is too small';
  if ((spec.storageClassName ?? '') !== (wanted.storageClassName ?? '')) {
    return 'storageClassName does not match';
  }
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode';
  const missing = (wanted.accessModes ?? []).some(
    mode => !(spec.accessModes ?? []).includes(mode),
  );
  return missing ? 'incompatible accessMode' : undefined;
}

/** Whether a volume without an owner may serve a claim. Kubernetes: class, mode, access modes, size, selector. */
export function volumeFits(volume: Volume, claim: Claim): boolean {
  const { selector } = claim.spec ?? {};
  return (
    !volume.metadata.deletionTimestamp &&
    volume.status?.phase !== 'Released' &&
    volume.status?.phase !== 'Failed' &&
    !volume.spec?.claimRef &&
    volumeMismatch(volume, claim) === undefined &&
    (!selector || matchesSelector(selector, volume.metadata.labels))
  );
}

function isTooSmall(volume: Volume, claim: Claim): boolean {
  return (
    parseQuantity(volume.spec?.capacity?.storage ?? '0') <
    parseQuantity(claim.spec?.resources?.requests?.storage ?? '0')
  );
}

function hasSameMode(volume: Volume, claim: Claim): boolean {
  const modes = [volume, claim].map(
    each => each.spec?.volumeMode ?? 'Filesystem',
  );
  return modes[0] === modes[1];
}

/** Binds claims to volumes, and hands claims without one to the provisioner of their class. */
export function volumeBinding(
  context: ControllerContext,
  events: EventRecorder,
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
          metadata: {
            resourceVersion: volume.metadata.resourceVersion,
            ...(volume.spec?.claimRef
              ? {}
              : { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } }),
          },
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

  /** Tells the provisioner that the claim is its own now. */
  async function callProvisioner(
    claim: Claim,
    { provisioner }: StorageClass,
  ): Promise<void> {
    const { namespace, name, uid } = claim.metadata;
    if (claim.metadata.annotations?.[PROVISIONER] === provisioner) return;
    claims.observe(
      await client.patch<Claim>(types.persistentVolumeClaims, namespace, name, {
        metadata: {
          uid,
          annotations: {
            [PROVISIONER]: provisioner,
            [BETA_PROVISIONER]: provisioner,
          },
        },
      }),
    );
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
      const mismatch =
        volume && !reference ? volumeMismatch(volume, claim) : undefined;
      if (mismatch) {
        await setClaimPhase(claim, 'Pending');
        await events.record(
          claim,
          'Warning',
          'VolumeMismatch',
          `Cannot bind to requested volume "${volumeName}": ${mismatch}`,
        );
      } else if (volume && ours) await bind(claim, volume);
      else if (claim.metadata.annotations?.[BIND_COMPLETED]) {
        await setClaimPhase(claim, 'Lost');
      } else await setClaimPhase(claim, 'Pending');
      return;
    }
    const meant = volumes
      .list()
      .find(
        volume =>
          !volume.metadata.deletionTimestamp &&
          !isTooSmall(volume, claim) &&
          hasSameMode(volume, claim) &&
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
    await setClaimPhase(claim, 'Pending');
    const serves =
      storageClass &&
      isOurDriver(storageClass.provisioner) &&
      !waits &&
      !claim.spec.selector;
    if (serves) await callProvisioner(claims.get(key) ?? claim, storageClass);
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
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });

  claims.onChange((claim, change) => {
    if (change === 'set') {
      claimQueue.add(keyOf(claim));
      return;
    }
    // Also those that were made for the claim while it went, before it could name them.
    for (const volume of volumes.list()) {
      if (
        volume.metadata.name === claim.spec?.volumeName ||
        volume.spec?.claimRef?.uid === claim.metadata.uid
      ) {
        volumeQueue.add(volume.metadata.name);
      }
    }
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
