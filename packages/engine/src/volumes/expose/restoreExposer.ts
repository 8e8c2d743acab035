import type { DataDownload } from '@lifeboat/velero-api';
import { isForbidden } from '../../cluster/ApiError';
import { createOnce } from '../../cluster/createOnce';
import { coreTypes, storageTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import { dataPathAnnotations } from '../movers/DataPathObject';
import { moverNodes } from '../movers/moverAffinity';
import { ownerUid } from '../movers/moverNames';
import type { Pod } from '../movers/Pod';
import { decideBinding } from './decideBinding';
import type { Exposer } from './Exposer';
import { rebindVolume, targetClaim, targetText } from './rebindVolume';
import {
  removeClaimWithVolume,
  removeMoverPod,
  setReclaimPolicy,
  temporaryClaim,
} from './removeTemporary';
import type { Claim, StorageClass, Volume } from './storageObjects';
import { restoreClaim, selectedNodeAnnotation } from './temporaryClaim';
import { volumeComing } from './volumeComing';
import { DataPathError, isWaiting, lookAgainMs, type Waiting } from './Waiting';

/** Makes a volume for a claim in the control namespace, and hands it over once the data is in it. */
export const restoreExposer: Exposer<DataDownload> = {
  async expose(download, context) {
    const claim = await ensureClaim(download, context);
    if (isWaiting(claim)) return claim;
    const coming = volumeComing(claim, context.clock.now());
    if (coming) return coming;
    return {
      volume: {
        source: {
          persistentVolumeClaim: { claimName: claim.metadata.name ?? '' },
        },
        mode: claim.spec.volumeMode ?? 'Filesystem',
      },
      placement: {
        nodes: moverNodes(
          context.config.dataMover.loadAffinity,
          claim.spec.storageClassName,
          undefined,
        ),
      },
    };
  },

  finish: rebindVolume,

  async cleanUp(download, context) {
    const podLeft = await removeMoverPod(download, context);
    if (podLeft) return podLeft;
    if (download.status?.phase === 'Completed') return undefined;
    return (
      (await removeClaimWithVolume(download, context)) ??
      removeStrandedVolume(download, context)
    );
  },

  async whileStarting(download, context) {
    const claim = await temporaryClaim(download, context);
    return { isWaitingForClaim: claim?.status?.phase !== 'Bound' };
  },
};

async function ensureClaim(
  download: DataDownload,
  context: ControllerContext,
): Promise<Claim | Waiting> {
  const { client, clock, namespace, signal } = context;
  const found = await temporaryClaim(download, context);
  if (found) return found;
  const target = await targetClaim(download, context);
  if (!target) {
    return {
      waitingFor: `PersistentVolumeClaim ${targetText(download)} exists`,
      againMs: lookAgainMs,
    };
  }
  if (target.spec.volumeName || target.status?.phase === 'Bound') {
    throw new DataPathError(
      `PersistentVolumeClaim ${targetText(
        download,
      )} already has a volume: data is restored only into a claim that waits for one`,
    );
  }
  const binding = await bindingOf(download, target, context);
  if (isWaiting(binding)) return binding;
  return createOnce<Claim>(
    client,
    coreTypes.persistentVolumeClaims,
    restoreClaim(download, target, {
      namespace,
      ...(binding.node ? { selectedNode: binding.node } : {}),
    }),
    {
      clock,
      signal,
      isOurs: live => ownerUid(live) === download.metadata.uid,
    },
  );
}

async function bindingOf(
  download: DataDownload,
  target: Claim,
  context: ControllerContext,
): Promise<{ node?: string } | Waiting> {
  const { client, clock, config, signal } = context;
  const name = target.spec.storageClassName;
  const storageClass = name
    ? await client
        .get<StorageClass>(storageTypes.storageClasses, { name }, { signal })
        .catch(error => {
          if (isForbidden(error)) return undefined;
          throw error;
        })
    : undefined;
  const bindingMode = storageClass?.volumeBindingMode;
  const isDelayed = bindingMode === 'WaitForFirstConsumer';
  const accepted = Date.parse(download.status?.acceptedTimestamp ?? '');
  const hasConsumer =
    isDelayed && (await isUsedByPod(target, context)) === true;
  const decision = decideBinding({
    bindingMode,
    ignoreDelayBinding:
      config.dataMover.restorePVC?.ignoreDelayBinding ?? false,
    selectedNode: isDelayed
      ? target.metadata.annotations?.[selectedNodeAnnotation]
      : undefined,
    hasConsumer,
    waitedMs: clock.now() - (Number.isNaN(accepted) ? 0 : accepted),
  });
  if (decision.go) return decision.node ? { node: decision.node } : {};
  return {
    waitingFor: hasConsumer
      ? `the pod that uses PersistentVolumeClaim ${targetText(
          download,
        )} gets a node (StorageClass ${name} waits for its first consumer)`
      : `a pod uses PersistentVolumeClaim ${targetText(
          download,
        )} (StorageClass ${name} waits for its first consumer; soon the volume is made without one)`,
    againMs: Math.min(lookAgainMs, decision.leftMs),
  };
}

async function isUsedByPod(
  claim: Claim,
  { client, signal }: ControllerContext,
): Promise<boolean> {
  for await (const pod of client.list<Pod>(coreTypes.pods, {
    namespace: claim.metadata.namespace ?? '',
    signal,
  })) {
    const uses = (pod.spec.volumes ?? []).some(
      volume => volume.persistentVolumeClaim?.claimName === claim.metadata.name,
    );
    if (uses) return true;
  }
  return false;
}

/** The hand-over failed after the temporary claim was gone: a volume that nobody got must not be left behind. */
async function removeStrandedVolume(
  download: DataDownload,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const { client, signal } = context;
  const name = download.metadata.annotations?.[dataPathAnnotations.volume];
  if (!name) return undefined;
  const volume = await client.get<Volume>(
    coreTypes.persistentVolumes,
    { name },
    { signal },
  );
  if (!volume || volume.status?.phase === 'Bound') return undefined;
  if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') {
    await setReclaimPolicy(volume, 'Delete', context);
  }
  if (volume.metadata.deletionTimestamp === undefined) {
    await client.delete(coreTypes.persistentVolumes, { name }, { signal });
  }
  return {
    waitingFor: `PersistentVolume ${name} is deleted`,
    againMs: lookAgainMs,
  };
}
