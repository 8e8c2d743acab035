import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { isForbidden, isNotFound } from '../cluster/ApiError';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { stringAt } from '../backup/jsonPath';
import { undoLabel, withoutUndo } from '../restore/inPlace/swapVolumes';
import type { Controller, ControllerContext, Requeue } from './Controller';

/** How often volumes that are kept are looked at when none is due earlier. */
const lookEveryMs = 3600_000;

/**
 * Lets volumes go that restores into existing claims have replaced, once the time to undo them is over: they get their own
 * reclaim policy back, and the cluster removes those whose policy is Delete. It looks at volumes whenever a storage location is
 * looked at, because Restores may be deleted earlier.
 */
export function createUndoVolumesController(): Controller {
  return {
    name: 'undo-volumes',
    type: veleroTypes.backupStorageLocations,

    async reconcile(_key, context): Promise<Requeue> {
      const next = await letGo(context);
      return {
        requeueAfterMs: Math.min(
          Math.max(next - context.clock.now(), 1000),
          lookEveryMs,
        ),
      };
    },
  };
}

/** @returns when the next volume is due */
async function letGo(context: ControllerContext): Promise<number> {
  const { client, clock, signal, logger } = context;
  let next = Infinity;
  try {
    for await (const volume of client.list<KubernetesObject>(
      coreTypes.persistentVolumes,
      { labelSelector: `${undoLabel}=true`, signal },
    )) {
      const until = Date.parse(
        volume.metadata.annotations?.[lifeboatAnnotations.undoUntil] ?? '',
      );
      if (Number.isNaN(until)) {
        continue;
      }
      if (until > clock.now()) {
        next = Math.min(next, until);
      } else {
        await release(volume, context);
        logger.info(
          { volume: volume.metadata.name },
          'A volume that a restore had replaced is not kept any more',
        );
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    // Without the right to read volumes nothing was ever restored in place.
    if (!isForbidden(error)) {
      throw error;
    }
  }
  return next;
}

async function release(
  volume: KubernetesObject,
  { client, signal }: ControllerContext,
): Promise<void> {
  const policy =
    volume.metadata.annotations?.[lifeboatAnnotations.undoPolicy] ?? 'Retain';
  // Somebody has taken the volume into use again: it is theirs now.
  const isUsed = stringAt(volume, 'status', 'phase') === 'Bound';
  try {
    await client.patch(
      coreTypes.persistentVolumes,
      { name: volume.metadata.name ?? '' },
      {
        contentType: 'merge',
        body: {
          metadata: {
            ...withoutUndo,
            resourceVersion: volume.metadata.resourceVersion,
          },
          ...(!isUsed && { spec: { persistentVolumeReclaimPolicy: policy } }),
        },
      },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}
