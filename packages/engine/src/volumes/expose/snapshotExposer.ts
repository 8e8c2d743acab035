import type { DataUpload } from '@lifeboat/velero-api';
import { isForbidden } from '../../cluster/ApiError';
import { createOnce } from '../../cluster/createOnce';
import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import { dataPathAnnotations } from '../movers/DataPathObject';
import { moverNodes } from '../movers/moverAffinity';
import { ownerUid } from '../movers/moverNames';
import { bytesOf } from '../policies/quantity';
import { warningsAbout } from './diagnose';
import type { ExposedVolume, Exposer } from './Exposer';
import { nodeOfVolume } from './nodeOfVolume';
import { annotateOwner } from './patchOwner';
import {
  removeClaimWithVolume,
  removeMoverPod,
  temporaryClaim,
} from './removeTemporary';
import {
  handOverSnapshot,
  removeSnapshots,
  type OwnSnapshot,
} from './snapshotHandOver';
import type { Claim, Volume } from './storageObjects';
import { backupClaim, isReadOnlyWanted } from './temporaryClaim';
import { volumeComing } from './volumeComing';
import { DataPathError, isWaiting, lookAgainMs, type Waiting } from './Waiting';

/** Makes a CSI snapshot readable: takes it over, and mounts a claim made of it. */
export const snapshotExposer: Exposer<DataUpload> = {
  async expose(upload, context) {
    const snapshot = await handOverSnapshot(upload, context);
    if (isWaiting(snapshot)) return snapshot;
    const source = await sourceOf(upload, context);
    const claim = await ensureClaim(upload, snapshot, source, context);
    if (isWaiting(claim)) return claim;
    const coming = volumeComing(claim, context.clock.now());
    if (coming) return coming;
    const isReadOnly =
      claim.spec.accessModes?.includes('ReadOnlyMany') === true;
    const exposed: ExposedVolume = {
      volume: {
        source: {
          persistentVolumeClaim: {
            claimName: claim.metadata.name ?? '',
            ...(isReadOnly ? { readOnly: true } : {}),
          },
        },
        mode: claim.spec.volumeMode ?? 'Filesystem',
      },
      placement: {
        nodes: moverNodes(
          context.config.dataMover.loadAffinity,
          claim.spec.storageClassName,
          source.volume,
        ),
      },
    };
    return exposed;
  },

  async cleanUp(upload, context) {
    return (
      (await removeMoverPod(upload, context)) ??
      (await removeClaimWithVolume(upload, context)) ??
      (await removeSnapshots(upload, context))
    );
  },

  async whileStarting(upload, context) {
    const claim = await temporaryClaim(upload, context);
    if (claim) await replaceRefusedClaim(upload, claim, context);
    return { isWaitingForClaim: claim?.status?.phase !== 'Bound' };
  },
};

async function ensureClaim(
  upload: DataUpload,
  { snapshot, content }: OwnSnapshot,
  { claim: source, volume }: { claim?: Claim; volume?: Volume },
  context: ControllerContext,
): Promise<Claim | Waiting> {
  const { client, clock, config, namespace, signal } = context;
  const found = await temporaryClaim(upload, context);
  if (found?.metadata.deletionTimestamp) {
    return {
      waitingFor: `PersistentVolumeClaim ${found.metadata.name} is deleted and made again`,
      againMs: lookAgainMs,
    };
  }
  if (found) return found;
  const size = sizeOf(snapshot.status?.restoreSize, source);
  if (!size) {
    throw new DataPathError(
      `the snapshot tells no size, and PersistentVolumeClaim ${upload.spec.sourceNamespace}/${upload.spec.sourcePVC} does not exist any more`,
    );
  }
  return createOnce<Claim>(
    client,
    coreTypes.persistentVolumeClaims,
    backupClaim(upload, {
      namespace,
      size,
      volumeMode:
        source?.spec.volumeMode ??
        content.spec.sourceVolumeMode ??
        'Filesystem',
      config: config.dataMover.backupPVC,
      isReadOnlyRefused: isReadOnlyRefused(upload),
      selectedNode: await nodeOfVolume(volume, context),
    }),
    {
      clock,
      signal,
      isOurs: live => ownerUid(live) === upload.metadata.uid,
    },
  );
}

/** A read-only claim that the storage refuses is made again as a writable one; it is mounted read-only all the same. */
async function replaceRefusedClaim(
  upload: DataUpload,
  claim: Claim,
  context: ControllerContext,
): Promise<void> {
  const mayBeRefused =
    claim.status?.phase !== 'Bound' &&
    claim.spec.accessModes?.includes('ReadOnlyMany') &&
    isReadOnlyWanted(upload, context.config.dataMover.backupPVC) &&
    !isReadOnlyRefused(upload);
  if (!mayBeRefused) return;
  const warnings = await warningsAbout(claim, context);
  const refusal = warnings.find(
    warning => warning.reason === 'ProvisioningFailed',
  );
  if (!refusal) return;
  context.logger.warn(
    { dataUpload: upload.metadata.name, reason: refusal.message },
    'The storage refuses a read-only claim: a writable one is used',
  );
  await annotateOwner(
    upload,
    { [dataPathAnnotations.readOnlyRefused]: 'true' },
    context,
  );
  const { client, namespace, signal } = context;
  const ref = { namespace, name: claim.metadata.name ?? '' };
  await client.delete(coreTypes.pods, ref, { signal });
  await client.delete(coreTypes.persistentVolumeClaims, ref, { signal });
}

function isReadOnlyRefused(upload: DataUpload): boolean {
  return (
    upload.metadata.annotations?.[dataPathAnnotations.readOnlyRefused] ===
    'true'
  );
}

/** The restore size may be above what the source asked for: a smaller claim would be refused. */
function sizeOf(
  restoreSize: string | undefined,
  source: Claim | undefined,
): string | undefined {
  if (bytesOf(restoreSize) > 0) return restoreSize;
  return (
    source?.status?.capacity?.storage ??
    source?.spec.resources?.requests?.storage
  );
}

/** The claim and the volume that the snapshot was taken of, as far as they still exist and may be read. */
async function sourceOf(
  upload: DataUpload,
  { client, signal }: ControllerContext,
): Promise<{ claim?: Claim; volume?: Volume }> {
  const claim = await client
    .get<Claim>(
      coreTypes.persistentVolumeClaims,
      {
        namespace: upload.spec.sourceNamespace,
        name: upload.spec.sourcePVC,
      },
      { signal },
    )
    .catch(ignoreForbidden);
  const volume = claim?.spec.volumeName
    ? await client
        .get<Volume>(
          coreTypes.persistentVolumes,
          { name: claim.spec.volumeName },
          { signal },
        )
        .catch(ignoreForbidden)
    : undefined;
  return { ...(claim ? { claim } : {}), ...(volume ? { volume } : {}) };
}

function ignoreForbidden(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  throw error;
}
