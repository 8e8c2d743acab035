import {
  type BackupVolumeInfo,
  defaults,
  type PvInfo,
} from '@lifeboat/velero-api';
import { stringAt, valueAt } from '../../backup/jsonPath';
import { isForbidden } from '../../cluster/ApiError';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import {
  coreTypes,
  snapshotTypes,
  storageTypes,
} from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { selectedNodeAnnotation } from '../../volumes/expose/temporaryClaim';
import { removeSnapshot } from '../../volumes/snapshot/removeSnapshots';
import type { RestoredVolume } from './RestoredVolume';

/** What is found when claims are looked at after a restore. */
export interface SettledClaims {
  errors: { namespace: string; message: string }[];
  warnings: { namespace: string; message: string }[];
  /** Names of PersistentVolumes by `namespace/claim`. */
  volumes: Map<string, string>;
}

const lookEveryMs = 200;

/**
 * Waits until claims that got content are bound, and gives their new volumes the labels and reclaim policy of the old ones.
 *
 * @param infoOf - what the backup says of a claim, by its original namespace
 *
 * Source: Velero `restore_finalizer_controller.go`; there a Restore may be Completed with a claim Pending.
 */
export async function settleClaims(
  volumes: readonly RestoredVolume[],
  infoOf: (namespace: string, claim: string) => BackupVolumeInfo | undefined,
  context: {
    client: ClusterClient;
    clock: Clock;
    signal: AbortSignal;
    timeoutMs?: number;
  },
): Promise<SettledClaims> {
  const { clock, signal } = context;
  const until =
    clock.monotonic() + (context.timeoutMs ?? defaults.resourceTimeout);
  const found: SettledClaims = {
    errors: [],
    warnings: [],
    volumes: new Map(),
  };
  for (const volume of volumes) {
    if (!volume.claim || !hasContent(volume)) {
      continue;
    }
    const { namespace, claim } = volume;
    for (;;) {
      const state = await look(namespace, claim, context);
      if (state === 'absent') {
        found.errors.push({
          namespace,
          message: `claim ${claim} was restored and has gone`,
        });
      } else if (state === 'waits for a pod') {
        found.warnings.push({
          namespace,
          message: `claim ${claim} gets its volume when a pod uses it: its storage class waits for that`,
        });
      } else if (state === 'pending' && clock.monotonic() < until) {
        await clock.sleep(lookEveryMs, signal);
        continue;
      } else if (state === 'pending') {
        found.errors.push({
          namespace,
          message: `claim ${claim} has no volume: it is still Pending${await whyPending(
            volume,
            context,
          )}`,
        });
      } else {
        found.volumes.set(`${namespace}/${claim}`, state.volume);
        await removeUsedSnapshot(volume, context);
        const info = infoOf(volume.sourceNamespace, claim)?.pvInfo;
        const problem =
          info && (await dressVolume(state.volume, info, context));
        if (problem) {
          found.warnings.push({ namespace, message: problem });
        }
      }
      break;
    }
  }
  return found;
}

/**
 * Removes the VolumeSnapshot that a claim was made from, and its content. The snapshot in the storage system stays: it is the
 * backup's. Velero leaves both objects.
 */
async function removeUsedSnapshot(
  { namespace, volumeSnapshot }: RestoredVolume,
  options: { client: ClusterClient; signal: AbortSignal },
): Promise<void> {
  if (!volumeSnapshot) {
    return;
  }
  try {
    const snapshot = await options.client.get(
      snapshotTypes.volumeSnapshots,
      { namespace, name: volumeSnapshot },
      { signal: options.signal },
    );
    if (snapshot) {
      await removeSnapshot(snapshot, 'Retain', options);
    }
  } catch {
    // Where the engine may not delete them they stay, as with Velero, and do no harm.
    options.signal.throwIfAborted();
  }
}

/** What the storage system says about the snapshot that a claim waits for. */
async function whyPending(
  { namespace, volumeSnapshot }: RestoredVolume,
  { client, signal }: { client: ClusterClient; signal: AbortSignal },
): Promise<string> {
  const snapshot =
    volumeSnapshot &&
    (await client
      .get(
        snapshotTypes.volumeSnapshots,
        { namespace, name: volumeSnapshot },
        { signal },
      )
      .catch(() => undefined));
  if (!snapshot || valueAt(snapshot, 'status', 'readyToUse') === true) {
    return '';
  }
  const message = stringAt(snapshot, 'status', 'error', 'message');
  return `, and its snapshot is not usable${message ? `: ${message}` : ''}`;
}

function hasContent({ method, reason }: RestoredVolume): boolean {
  return (
    reason === undefined &&
    (method === 'download' || method === 'files' || method === 'snapshot')
  );
}

async function look(
  namespace: string,
  name: string,
  {
    client,
    signal,
  }: {
    client: ClusterClient;
    signal: AbortSignal;
  },
): Promise<'absent' | 'pending' | 'waits for a pod' | { volume: string }> {
  const claim = await client.get(
    coreTypes.persistentVolumeClaims,
    { namespace, name },
    { signal },
  );
  if (!claim) {
    return 'absent';
  }
  const volume = stringAt(claim, 'spec', 'volumeName');
  if (stringAt(claim, 'status', 'phase') === 'Bound' && volume) {
    return { volume };
  }
  return (await waitsForPod(claim, client, signal))
    ? 'waits for a pod'
    : 'pending';
}

/** Whether a claim's class makes volumes only for pods, and no pod has come. */
async function waitsForPod(
  claim: KubernetesObject,
  client: ClusterClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (claim.metadata.annotations?.[selectedNodeAnnotation]) {
    return false;
  }
  const name = stringAt(claim, 'spec', 'storageClassName');
  const storageClass =
    name &&
    (await client
      .get(storageTypes.storageClasses, { name }, { signal })
      .catch(() => undefined));
  return stringAt(storageClass, 'volumeBindingMode') === 'WaitForFirstConsumer';
}

/** Gives a new volume the labels and the reclaim policy of the one that was backed up. */
async function dressVolume(
  name: string,
  { labels, reclaimPolicy }: PvInfo,
  { client, signal }: { client: ClusterClient; signal: AbortSignal },
): Promise<string | undefined> {
  try {
    const volume = await client.get(
      coreTypes.persistentVolumes,
      { name },
      { signal },
    );
    const missing = Object.entries(labels ?? {}).filter(
      ([key, value]) => volume?.metadata.labels?.[key] !== value,
    );
    const policy = stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy');
    const otherPolicy = reclaimPolicy && policy !== reclaimPolicy;
    if (!volume || (missing.length === 0 && !otherPolicy)) {
      return undefined;
    }
    await client.patch(
      coreTypes.persistentVolumes,
      { name },
      {
        contentType: 'merge',
        body: {
          ...(missing.length > 0 && {
            metadata: { labels: Object.fromEntries(missing) },
          }),
          ...(otherPolicy && {
            spec: { persistentVolumeReclaimPolicy: reclaimPolicy },
          }),
        },
      },
      { signal },
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `volume ${name} could not be given the labels and reclaim policy of the one that was backed up: ${
      isForbidden(error)
        ? 'the engine may not change volumes'
        : (error as Error).message
    }`;
  }
}
