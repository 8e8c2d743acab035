import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import {
  dataPathAnnotations,
  type DataPathObject,
} from '../movers/DataPathObject';
import { ownerUid, temporaryName } from '../movers/moverNames';
import type { Pod } from '../movers/Pod';
import { annotateOwner } from './patchOwner';
import type { Claim, Volume } from './storageObjects';
import { lookAgainMs, type Waiting } from './Waiting';

/** A mover has nothing left to do by then; whatever it would say now is not asked for any more. */
const graceSeconds = 5;

/** After its grace the kubelet should have removed a pod; a node that does not answer never will. */
const unansweredMs = 20_000;

/** How long the rest of the clean-up waits for a volume to be deleted (Velero: 1 minute). */
const volumeDeletionMs = 60_000;

/**
 * Deletes the mover's pod.
 *
 * @returns undefined once it is gone
 */
export async function removeMoverPod(
  owner: DataPathObject,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const { client, clock, signal } = context;
  const ref = { namespace: context.namespace, name: temporaryName(owner) };
  const pod = await client.get<Pod>(coreTypes.pods, ref, { signal });
  if (!pod || ownerUid(pod) !== owner.metadata.uid) return undefined;
  const deleting = pod.metadata.deletionTimestamp;
  const isUnanswered =
    deleting !== undefined && clock.now() - Date.parse(deleting) > unansweredMs;
  if (!deleting || isUnanswered) {
    await client.delete(coreTypes.pods, ref, {
      signal,
      gracePeriodSeconds: isUnanswered ? 0 : graceSeconds,
    });
  }
  const left = await client.get(coreTypes.pods, ref, { signal });
  return left
    ? { waitingFor: `pod ${ref.name} is deleted`, againMs: lookAgainMs }
    : undefined;
}

/**
 * Deletes the temporary claim together with its volume, also where the class would keep volumes.
 *
 * @returns undefined once both are gone, or when the volume's end takes so long that nobody should wait for it
 */
export async function removeClaimWithVolume(
  owner: DataPathObject,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const { client, namespace, signal } = context;
  const ref = { namespace, name: temporaryName(owner) };
  const noted =
    owner.metadata.annotations?.[dataPathAnnotations.temporaryVolume];
  const claim = await temporaryClaim(owner, context);
  const volume = await volumeOf(ref, claim?.spec.volumeName ?? noted, context);
  if (claim) {
    if (volume && volume.metadata.name !== noted) {
      await annotateOwner(
        owner,
        {
          [dataPathAnnotations.temporaryVolume]: volume.metadata.name ?? '',
        },
        context,
      );
    }
    if (volume && volume.spec.persistentVolumeReclaimPolicy !== 'Delete') {
      await setReclaimPolicy(volume, 'Delete', context);
    }
    if (!claim.metadata.deletionTimestamp) {
      await client.delete(coreTypes.persistentVolumeClaims, ref, { signal });
    }
    if (await temporaryClaim(owner, context)) {
      return {
        waitingFor: `PersistentVolumeClaim ${ref.name} is deleted`,
        againMs: lookAgainMs,
      };
    }
  }
  return volume && !isOverdue(owner, context.clock.now())
    ? {
        waitingFor: `PersistentVolume ${volume.metadata.name} is deleted`,
        againMs: lookAgainMs,
      }
    : undefined;
}

/** The claim that was made for a resource, if it is there. */
export async function temporaryClaim(
  owner: DataPathObject,
  { client, namespace, signal }: ControllerContext,
): Promise<Claim | undefined> {
  const claim = await client.get<Claim>(
    coreTypes.persistentVolumeClaims,
    { namespace, name: temporaryName(owner) },
    { signal },
  );
  return claim && ownerUid(claim) === owner.metadata.uid ? claim : undefined;
}

/** Says what becomes of a volume once its claim is gone. */
export async function setReclaimPolicy(
  volume: Volume,
  policy: 'Retain' | 'Delete',
  { client, signal }: ControllerContext,
): Promise<void> {
  await client.patch(
    coreTypes.persistentVolumes,
    { name: volume.metadata.name ?? '' },
    {
      contentType: 'merge',
      body: { spec: { persistentVolumeReclaimPolicy: policy } },
    },
    { signal },
  );
}

/** A volume by its name, if it belongs to this claim and no other. */
async function volumeOf(
  claim: { namespace: string; name: string },
  volumeName: string | undefined,
  { client, signal }: ControllerContext,
): Promise<Volume | undefined> {
  if (!volumeName) return undefined;
  const volume = await client.get<Volume>(
    coreTypes.persistentVolumes,
    { name: volumeName },
    { signal },
  );
  const isItsVolume =
    volume?.spec.claimRef?.namespace === claim.namespace &&
    volume.spec.claimRef.name === claim.name;
  return isItsVolume ? volume : undefined;
}

/** Storage that is slow to delete volumes must not hold up the rest. */
function isOverdue(owner: DataPathObject, now: number): boolean {
  const ended = owner.status?.completionTimestamp;
  return ended !== undefined && now - Date.parse(ended) > volumeDeletionMs;
}
