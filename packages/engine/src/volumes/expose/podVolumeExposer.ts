import type { PodVolumeBackup, PodVolumeRestore } from '@lifeboat/velero-api';
import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import type { Pod, PodVolume } from '../movers/Pod';
import { hopelessReasons } from '../movers/podState';
import type { ExposedVolume, Exposer } from './Exposer';
import { claimNameOf, volumeFolder } from './hostPath';
import { removeMoverPod } from './removeTemporary';
import type { Claim, Volume } from './storageObjects';
import { DataPathError, lookAgainMs, type Waiting } from './Waiting';

/** The init container that keeps a restored pod waiting for its data (Velero: restore-wait). */
export const restoreWaitContainer = 'restore-wait';

const legacyWaitContainer = 'restic-wait';

/** Reads a volume where the kubelet has mounted it for a running pod. */
export const podVolumeBackupExposer: Exposer<PodVolumeBackup> = {
  async expose(backup, context) {
    refuseUnlessEnabled(context);
    const pod = await podOf(backup, context);
    if (!pod || pod.metadata.deletionTimestamp) {
      throw new DataPathError(
        `pod ${podText(
          backup,
        )} does not exist any more, so its volume is not mounted`,
      );
    }
    if (pod.status?.phase !== 'Running') {
      throw new DataPathError(
        `pod ${podText(backup)} is ${
          pod.status?.phase ?? 'Pending'
        }: file-system backup reads volumes of running pods only`,
      );
    }
    return exposeMounted(backup, pod, context);
  },
  cleanUp: removeMoverPod,
};

/** Writes a volume where the kubelet has mounted it for a pod whose first container waits. */
export const podVolumeRestoreExposer: Exposer<PodVolumeRestore> = {
  async expose(restore, context) {
    refuseUnlessEnabled(context);
    const pod = await podOf(restore, context);
    if (!pod) {
      throw new DataPathError(
        `pod ${podText(restore)} does not exist any more`,
      );
    }
    if (!pod.spec.nodeName) {
      const scheduled = pod.status?.conditions?.find(
        condition => condition.type === 'PodScheduled',
      );
      return {
        waitingFor: `pod ${podText(restore)} gets a node${
          scheduled?.message ? ` (${scheduled.message})` : ''
        }`,
        againMs: lookAgainMs,
      };
    }
    const wait = pod.status?.initContainerStatuses?.find(
      ({ name }) =>
        name === restoreWaitContainer || name === legacyWaitContainer,
    );
    if (wait?.state?.terminated) {
      throw new DataPathError(
        `pod ${podText(
          restore,
        )} did not wait for its data: its init container ${
          wait.name
        } has ended`,
      );
    }
    if (pod.status?.phase !== 'Pending') {
      throw new DataPathError(
        `pod ${podText(restore)} is ${
          pod.status?.phase
        } and does not wait for its data`,
      );
    }
    const waiting = wait?.state?.waiting;
    if (waiting?.reason && hopelessReasons.has(waiting.reason)) {
      throw new DataPathError(
        `init container ${restoreWaitContainer} of pod ${podText(
          restore,
        )} cannot start: ${waiting.reason}${
          waiting.message ? `: ${waiting.message}` : ''
        }`,
      );
    }
    if (!wait?.state?.running) {
      return {
        waitingFor: `init container ${restoreWaitContainer} of pod ${podText(
          restore,
        )} runs${waiting?.reason ? ` (${waiting.reason})` : ''}`,
        againMs: lookAgainMs,
      };
    }
    return exposeMounted(restore, pod, context);
  },
  cleanUp: removeMoverPod,
};

type PodVolumeObject = PodVolumeBackup | PodVolumeRestore;

function refuseUnlessEnabled({ config }: ControllerContext): void {
  if (!config.fileSystemBackup.enabled) {
    throw new DataPathError(
      "file-system backup is off: it needs the consent of the platform team to read the nodes' folders of pods (setting fileSystemBackup.enabled)",
    );
  }
}

async function exposeMounted(
  owner: PodVolumeObject,
  pod: Pod,
  context: ControllerContext,
): Promise<ExposedVolume | Waiting> {
  const volume = (pod.spec.volumes ?? []).find(
    ({ name }) => name === owner.spec.volume,
  );
  if (!volume) {
    throw new DataPathError(
      `pod ${podText(owner)} has no volume ${owner.spec.volume}`,
    );
  }
  const folder = volumeFolder(
    volume,
    await claimedVolume(pod, volume, context),
  );
  const { hostPodsPath, privileged } = context.config.fileSystemBackup;
  return {
    volume: {
      source: {
        hostPath: {
          path: `${hostPodsPath}/${pod.metadata.uid}/${folder}`,
          type: 'Directory',
        },
      },
      mode: 'Filesystem',
    },
    placement: {
      nodeName: pod.spec.nodeName ?? '',
      tolerations: pod.spec.tolerations ?? [],
    },
    isPrivileged: privileged === true,
  };
}

async function claimedVolume(
  pod: Pod,
  volume: PodVolume,
  { client, signal }: ControllerContext,
): Promise<{ claim: Claim; volume: Volume } | undefined> {
  const name = claimNameOf(pod, volume);
  if (!name) return undefined;
  const { namespace } = pod.metadata;
  const claim = await client.get<Claim>(
    coreTypes.persistentVolumeClaims,
    { namespace, name },
    { signal },
  );
  const found = claim?.spec.volumeName
    ? await client.get<Volume>(
        coreTypes.persistentVolumes,
        { name: claim.spec.volumeName },
        { signal },
      )
    : undefined;
  if (!claim || !found) {
    throw new DataPathError(
      `PersistentVolumeClaim ${namespace}/${name} of volume ${volume.name} is not bound`,
    );
  }
  return { claim, volume: found };
}

/** The pod that the resource names, if it is still the same one. */
async function podOf(
  owner: PodVolumeObject,
  { client, signal }: ControllerContext,
): Promise<Pod | undefined> {
  const { namespace, name = '', uid } = owner.spec.pod;
  const pod = await client.get<Pod>(
    coreTypes.pods,
    { namespace, name },
    { signal },
  );
  return pod && (!uid || pod.metadata.uid === uid) ? pod : undefined;
}

function podText({ spec }: PodVolumeObject): string {
  return `${spec.pod.namespace}/${spec.pod.name}`;
}
