import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import { seconds } from '../../backup/prepareBackup';
import { isConflict } from '../../cluster/ApiError';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOrFind } from '../../cluster/createOrFind';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { selectedNodeAnnotation } from '../../volumes/expose/temporaryClaim';
import type { InPlaceClaim } from './InPlaceState';

/** How long a claim may take to go or to be bound. */
const claimMs = 2 * 60_000;

/** How long the controller is given to see for whom a volume is. */
const reservedMs = 5_000;

/** What exchanging volumes needs. */
export interface SwapContext {
  client: ClusterClient;
  clock: Clock;
  signal: AbortSignal;
  controlNamespace: string;
  /** The application's namespace. */
  namespace: string;
  restore: string;
  /** When the old volumes may be let go, RFC 3339. */
  undoUntil: string;
}

/**
 * What exchanging the volumes of a restore needs.
 *
 * @param keptSeconds - how long the volumes that are not used any more stay
 */
export function swapContext(
  options: Pick<SwapContext, 'client' | 'clock' | 'controlNamespace'> & {
    engineSignal: AbortSignal;
  },
  restore: Restore,
  namespace: string,
  keptSeconds: number,
): SwapContext {
  const { client, clock, engineSignal, controlNamespace } = options;
  return {
    client,
    clock,
    signal: engineSignal,
    controlNamespace,
    namespace,
    restore: restore.metadata.name ?? '',
    undoUntil: seconds(clock.now() + keptSeconds * 1000),
  };
}

const claims = coreTypes.persistentVolumeClaims;
const volumes = coreTypes.persistentVolumes;

/** On PersistentVolumes that are kept so that a restore can be undone. */
export const undoLabel = 'lifeboat.dev/undo';

/** Metadata of a merge patch that takes all marks of a kept PersistentVolume away. */
export const withoutUndo = {
  labels: { [undoLabel]: null },
  annotations: {
    [lifeboatAnnotations.undoUntil]: null,
    [lifeboatAnnotations.undoPolicy]: null,
    [lifeboatAnnotations.undoClaim]: null,
    [lifeboatAnnotations.undoRestore]: null,
  },
};

/** Annotations by which the cluster binds a claim; they belong to one volume. */
const bindingAnnotations = new Set([
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
  selectedNodeAnnotation,
]);

/** A claim's labels, annotations and spec, without what binds it to its volume. */
export function claimTemplate(
  claim: KubernetesObject,
): Pick<InPlaceClaim, 'metadata' | 'spec'> {
  const { labels, annotations } = claim.metadata;
  const {
    volumeName: _volume,
    dataSource: _source,
    dataSourceRef: _sourceRef,
    ...spec
  } = (claim.spec ?? {}) as { [field: string]: unknown };
  return {
    metadata: {
      ...(labels && { labels }),
      ...(annotations && {
        annotations: Object.fromEntries(
          Object.entries(annotations).filter(
            ([key]) => !bindingAnnotations.has(key),
          ),
        ),
      }),
    },
    spec,
  };
}

/**
 * Keeps both volumes of a claim, whatever happens to the claims, and takes the new one from the claim into which its content was
 * written. The application does not notice.
 */
export async function keepVolumes(
  claim: InPlaceClaim,
  context: SwapContext,
): Promise<void> {
  await keepVolume(claim.oldVolume, claim.oldPolicy, claim, context);
  await patchVolume(claim.newVolume!, context, {
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
  await removeStaging(claim, context);
}

/**
 * Marks a volume as one that is kept so that it can be put back, and sees to it that nothing removes it.
 *
 * @param policy - its own reclaim policy
 */
export async function keepVolume(
  volume: string,
  policy: string | undefined,
  claim: InPlaceClaim,
  context: SwapContext,
): Promise<void> {
  await patchVolume(volume, context, {
    metadata: {
      labels: { [undoLabel]: 'true' },
      annotations: {
        [lifeboatAnnotations.undoUntil]: context.undoUntil,
        [lifeboatAnnotations.undoPolicy]: policy ?? 'Delete',
        [lifeboatAnnotations.undoClaim]: `${context.namespace}/${claim.name}`,
        [lifeboatAnnotations.undoRestore]: context.restore,
      },
    },
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
}

/** Takes the marks of {@link keepVolume} off a volume that is in use again. */
export async function useVolume(
  volume: string,
  policy: string | undefined,
  context: SwapContext,
): Promise<void> {
  await patchVolume(volume, context, {
    metadata: withoutUndo,
    spec: { persistentVolumeReclaimPolicy: policy ?? 'Delete' },
  });
}

function removeStaging(
  claim: InPlaceClaim,
  context: SwapContext,
): Promise<void> {
  return removeClaim(
    { namespace: context.controlNamespace, name: claim.staging },
    claim.stagingUid,
    context,
  );
}

/**
 * Gives a claim its new volume. Each step can be repeated: after a crash it goes on where it stopped.
 *
 * @throws Error when the cluster does not do its part in time
 */
export async function moveToNewVolume(
  claim: InPlaceClaim,
  context: SwapContext,
): Promise<void> {
  if (await isBoundTo(claim.name, claim.newVolume!, context)) {
    await releasePolicy(claim.newVolume!, claim.newPolicy, context);
    return;
  }
  await removeStaging(claim, context);
  await bindClaim(claim, claim.newVolume!, context);
  await releasePolicy(claim.newVolume!, claim.newPolicy, context);
}

/** Gives a claim its old volume back, and lets the new one go. */
export async function moveBack(
  claim: InPlaceClaim,
  context: SwapContext,
): Promise<void> {
  const { controlNamespace } = context;
  await giveVolume(claim, claim.oldVolume, context);
  await useVolume(claim.oldVolume, claim.oldPolicy, context);
  if (claim.newVolume) {
    // A volume whose claim has gone is removed by its policy; it must not point to the application's claim any more.
    await patchVolume(claim.newVolume, context, {
      spec: {
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: controlNamespace,
          name: claim.staging,
          uid: claim.stagingUid ?? null,
          resourceVersion: null,
        },
        persistentVolumeReclaimPolicy: 'Delete',
      },
    });
  }
  await removeClaim(
    { namespace: controlNamespace, name: claim.staging },
    undefined,
    context,
  );
}

/** Gives a claim a volume that is kept, if it does not have it. Its other volume must be kept, too. */
export async function giveVolume(
  claim: InPlaceClaim,
  volume: string,
  context: SwapContext,
): Promise<void> {
  if (!(await isBoundTo(claim.name, volume, context))) {
    await bindClaim(claim, volume, context);
  }
}

async function isBoundTo(
  name: string,
  volume: string,
  { client, signal, namespace }: SwapContext,
): Promise<boolean> {
  const live = await client.get(claims, { namespace, name }, { signal });
  return (
    live !== undefined &&
    !live.metadata.deletionTimestamp &&
    stringAt(live, 'spec', 'volumeName') === volume &&
    stringAt(live, 'status', 'phase') === 'Bound'
  );
}

/** Makes a claim again, bound to a volume. */
async function bindClaim(
  claim: InPlaceClaim,
  volume: string,
  context: SwapContext,
): Promise<void> {
  const { client, clock, signal, namespace } = context;
  const live = await client.get(
    claims,
    { namespace, name: claim.name },
    { signal },
  );
  if (live && stringAt(live, 'spec', 'volumeName') !== volume) {
    await removeClaim(
      { namespace, name: claim.name },
      live.metadata.uid,
      context,
    );
  }
  await patchVolume(volume, context, {
    spec: {
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claim.name,
        uid: null,
        resourceVersion: null,
      },
    },
  });
  await untilReserved(volume, context);
  await createOrFind<KubernetesObject>(
    client,
    claims,
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { ...claim.metadata, namespace, name: claim.name },
      spec: { ...claim.spec, volumeName: volume },
    },
    {
      clock,
      signal,
      isOurs: found => stringAt(found, 'spec', 'volumeName') === volume,
    },
  );
  const until = clock.monotonic() + claimMs;
  while (!(await isBoundTo(claim.name, volume, context))) {
    if (clock.monotonic() >= until) {
      throw new Error(
        `claim ${namespace}/${claim.name} was not bound to volume ${volume} in time`,
      );
    }
    await clock.sleep(150, signal);
  }
}

/**
 * Waits until the cluster's controller has seen for whom a volume is: a claim that it sees earlier is left waiting until its next
 * look at everything, a quarter of a minute later.
 */
async function untilReserved(
  name: string,
  { client, clock, signal }: SwapContext,
): Promise<void> {
  const until = clock.monotonic() + reservedMs;
  while (clock.monotonic() < until) {
    const volume = await client.get(volumes, { name }, { signal });
    if (
      stringAt(volume, 'status', 'phase') === 'Available' ||
      stringAt(volume, 'spec', 'claimRef', 'uid')
    ) {
      return;
    }
    await clock.sleep(50, signal);
  }
}

async function removeClaim(
  ref: { namespace: string; name: string },
  uid: string | undefined,
  { client, clock, signal }: SwapContext,
): Promise<void> {
  const until = clock.monotonic() + claimMs;
  for (;;) {
    const live = await client.get(claims, ref, { signal });
    if (!live || (uid && live.metadata.uid !== uid)) {
      return;
    }
    if (!live.metadata.deletionTimestamp) {
      await client
        .delete(claims, ref, {
          preconditions: { uid: live.metadata.uid },
          signal,
        })
        .catch(error => {
          if (!isConflict(error)) {
            throw error;
          }
        });
    }
    if (clock.monotonic() >= until) {
      throw new Error(
        `claim ${ref.namespace}/${ref.name} was not removed in time: something still uses it`,
      );
    }
    await clock.sleep(150, signal);
  }
}

async function releasePolicy(
  volume: string,
  policy: string | undefined,
  context: SwapContext,
): Promise<void> {
  await patchVolume(volume, context, {
    spec: { persistentVolumeReclaimPolicy: policy ?? 'Delete' },
  });
}

async function patchVolume(
  name: string,
  { client, signal }: SwapContext,
  body: unknown,
): Promise<void> {
  await client.patch(
    volumes,
    { name },
    { contentType: 'merge', body },
    { signal },
  );
}
