import { V1PersistentVolumeSpec, V1PodSpec } from '@kubernetes/client-node';
import { keyOf } from '../api/Informer';
import { isConflict, isNotFound } from '../api/KubeClient';
import { Resource, ResourceType, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/** Holds claims while pods use them, and volumes while claims do (Kubernetes: storage object in use protection). */
export function volumeProtection(context: ControllerContext): Controller {
  const { client, informers } = context;
  const claims = informers.of(types.persistentVolumeClaims);
  const volumes = informers.of<
    Resource<V1PersistentVolumeSpec, { phase?: string }>
  >(types.persistentVolumes);
  const pods = informers.of<Resource<V1PodSpec, { phase?: string }>>(
    types.pods,
  );

  async function settle(
    type: ResourceType,
    object: Resource,
    finalizer: string,
    inUse: boolean,
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const finalizers = object.metadata.finalizers ?? [];
    const has = finalizers.includes(finalizer);
    const terminating = Boolean(object.metadata.deletionTimestamp);
    let wanted: string[] | undefined;
    if (!terminating && !has) wanted = [...finalizers, finalizer];
    if (terminating && has && !inUse) {
      wanted = finalizers.filter(each => each !== finalizer);
    }
    if (!wanted) return;
    try {
      await client.patch(type, namespace, name, {
        metadata: { uid, resourceVersion, finalizers: wanted },
      });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  const claimQueue = queueFor(context, 'claim protection', async key => {
    const claim = claims.get(key);
    if (!claim) return;
    const inUse = pods
      .list(claim.metadata.namespace)
      .some(
        pod =>
          pod.spec?.nodeName &&
          pod.status?.phase !== 'Succeeded' &&
          pod.status?.phase !== 'Failed' &&
          pod.spec.volumes?.some(
            volume =>
              volume.persistentVolumeClaim?.claimName === claim.metadata.name,
          ),
      );
    await settle(types.persistentVolumeClaims, claim, CLAIM_FINALIZER, inUse);
  });
  const volumeQueue = queueFor(context, 'volume protection', async key => {
    const volume = volumes.get(key);
    if (!volume) return;
    await settle(
      types.persistentVolumes,
      volume,
      VOLUME_FINALIZER,
      volume.status?.phase === 'Bound',
    );
  });

  claims.onChange(claim => claimQueue.add(keyOf(claim)));
  volumes.onChange(volume => volumeQueue.add(keyOf(volume)));
  pods.onChange(pod => {
    for (const volume of pod.spec?.volumes ?? []) {
      if (volume.persistentVolumeClaim) {
        claimQueue.add(
          `${pod.metadata.namespace}/${volume.persistentVolumeClaim.claimName}`,
        );
      }
    }
  });
  return {
    start() {
      claimQueue.start();
      volumeQueue.start();
    },
  };
}
