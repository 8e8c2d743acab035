import type { DataDownload } from '@lifeboat/velero-api';
import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import { dataPathAnnotations } from '../movers/DataPathObject';
import { temporaryName } from '../movers/moverNames';
import { annotateOwner } from './patchOwner';
import {
  removeMoverPod,
  setReclaimPolicy,
  temporaryClaim,
} from './removeTemporary';
import type { Claim, Volume } from './storageObjects';
import { DataPathError, type Waiting } from './Waiting';

const boundByController = 'pv.kubernetes.io/bound-by-controller';

/**
 * Hands the volume of the temporary claim to the target claim (Velero: RebindVolume). The volume's name and reclaim policy are
 * noted first; every later step is taken from what the cluster shows, so that it can be the last one of this process:
 *
 * 1. volume → Retain, so that it outlives the temporary claim;
 * 2. pod and temporary claim deleted;
 * 3. the volume names the target claim, the target claim names the volume;
 * 4. both are Bound;
 * 5. the volume gets its own reclaim policy back.
 *
 * @returns undefined once the target claim has its volume
 * @throws DataPathError when target or volume do not fit any more
 */
export async function rebindVolume(
  download: DataDownload,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const { client, signal } = context;
  const noted = await noteVolume(download, context);
  if ('waitingFor' in noted) return noted;
  const volume = await client.get<Volume>(
    coreTypes.persistentVolumes,
    { name: noted.name },
    { signal },
  );
  if (!volume) {
    throw new DataPathError(
      `PersistentVolume ${noted.name} with the restored data does not exist any more`,
    );
  }
  const target = await targetClaim(download, context);
  if (!target) {
    throw new DataPathError(
      `PersistentVolumeClaim ${targetText(download)} does not exist any more`,
    );
  }
  if (target.spec.volumeName && target.spec.volumeName !== noted.name) {
    throw new DataPathError(
      `PersistentVolumeClaim ${targetText(download)} got another volume, ${
        target.spec.volumeName
      }`,
    );
  }
  if (isHandedOver(volume, target)) {
    if (volume.spec.persistentVolumeReclaimPolicy !== noted.reclaimPolicy) {
      await setReclaimPolicy(volume, noted.reclaimPolicy, context);
    }
    return undefined;
  }
  if (volume.spec.persistentVolumeReclaimPolicy !== 'Retain') {
    await setReclaimPolicy(volume, 'Retain', context);
  }
  const left =
    (await removeMoverPod(download, context)) ??
    (await removeTemporaryClaim(download, context));
  if (left) return left;
  // The volume first: a claim that names a volume of somebody else is looked at again only after 15 s (PV controller's resync).
  await claimVolume(volume, target, context);
  if (!target.spec.volumeName) {
    await client.patch(
      coreTypes.persistentVolumeClaims,
      refOf(target),
      {
        contentType: 'merge',
        body: { spec: { volumeName: noted.name } },
      },
      { signal },
    );
  }
  return {
    waitingFor: `PersistentVolumeClaim ${targetText(
      download,
    )} and PersistentVolume ${noted.name} are bound`,
    againMs: 100,
  };
}

/** The claim that is to get the data. */
export async function targetClaim(
  download: DataDownload,
  { client, signal }: ControllerContext,
): Promise<Claim | undefined> {
  const { namespace, pvc } = download.spec.targetVolume;
  return client.get<Claim>(
    coreTypes.persistentVolumeClaims,
    { namespace, name: pvc },
    { signal },
  );
}

/** `namespace/name` of the target claim. */
export function targetText({ spec }: DataDownload): string {
  return `${spec.targetVolume.namespace}/${spec.targetVolume.pvc}`;
}

interface NotedVolume {
  name: string;
  reclaimPolicy: 'Retain' | 'Delete';
}

async function noteVolume(
  download: DataDownload,
  context: ControllerContext,
): Promise<NotedVolume | Waiting> {
  const annotations = download.metadata.annotations ?? {};
  const noted = annotations[dataPathAnnotations.volume];
  if (noted) {
    return {
      name: noted,
      reclaimPolicy:
        annotations[dataPathAnnotations.reclaimPolicy] === 'Retain'
          ? 'Retain'
          : 'Delete',
    };
  }
  const claim = await temporaryClaim(download, context);
  const volume = claim?.spec.volumeName
    ? await context.client.get<Volume>(
        coreTypes.persistentVolumes,
        { name: claim.spec.volumeName },
        { signal: context.signal },
      )
    : undefined;
  if (!volume) {
    throw new DataPathError(
      `the volume with the restored data is gone: PersistentVolumeClaim ${
        context.namespace
      }/${temporaryName(download)} was deleted`,
    );
  }
  const name = volume.metadata.name ?? '';
  const reclaimPolicy =
    volume.spec.persistentVolumeReclaimPolicy === 'Retain'
      ? 'Retain'
      : 'Delete';
  await annotateOwner(
    download,
    {
      [dataPathAnnotations.volume]: name,
      [dataPathAnnotations.reclaimPolicy]: reclaimPolicy,
    },
    context,
  );
  return { name, reclaimPolicy };
}

function isHandedOver(volume: Volume, target: Claim): boolean {
  const { claimRef } = volume.spec;
  return (
    target.status?.phase === 'Bound' &&
    volume.status?.phase === 'Bound' &&
    target.spec.volumeName === volume.metadata.name &&
    claimRef?.namespace === target.metadata.namespace &&
    claimRef?.name === target.metadata.name
  );
}

async function removeTemporaryClaim(
  download: DataDownload,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const claim = await temporaryClaim(download, context);
  if (!claim) return undefined;
  if (!claim.metadata.deletionTimestamp) {
    await context.client.delete(
      coreTypes.persistentVolumeClaims,
      refOf(claim),
      { signal: context.signal },
    );
  }
  return (await temporaryClaim(download, context))
    ? {
        waitingFor: `PersistentVolumeClaim ${claim.metadata.name} is deleted`,
        againMs: 100,
      }
    : undefined;
}

/** Points the volume at the target, with the labels that the target's selector asks for. */
async function claimVolume(
  volume: Volume,
  target: Claim,
  { client, signal }: ControllerContext,
): Promise<void> {
  const { claimRef } = volume.spec;
  const { namespace, name, uid } = target.metadata;
  const labels = target.spec.selector?.matchLabels ?? {};
  const isClaimed =
    claimRef?.namespace === namespace &&
    claimRef?.name === name &&
    claimRef?.uid === uid;
  const hasLabels = Object.entries(labels).every(
    ([key, value]) => volume.metadata.labels?.[key] === value,
  );
  if (isClaimed && hasLabels) return;
  await client.patch(
    coreTypes.persistentVolumes,
    { name: volume.metadata.name ?? '' },
    {
      contentType: 'merge',
      body: {
        metadata: {
          labels,
          annotations: { [boundByController]: null },
        },
        spec: {
          claimRef: {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            namespace,
            name,
            uid,
            resourceVersion: null,
          },
        },
      },
    },
    { signal },
  );
}

function refOf(claim: Claim): { namespace: string; name: string } {
  return {
    namespace: claim.metadata.namespace ?? '',
    name: claim.metadata.name ?? '',
  };
}
