import {
  isJsonObject,
  JsonObject,
  objectAt,
  objectsAt,
  stringAt,
} from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** A volume of a pod. */
export interface PodVolumeFacts {
  name: string;
  /** Claim in the pod's namespace, when the volume is one. */
  claim?: string;
  /** The entry of `spec.volumes`. */
  source: JsonObject;
}

/** What of a pod decides about volumes and hooks; small, because a backup may see many pods. */
export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  phase: string;
  node?: string;
  isBeingDeleted: boolean;
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
  volumes: PodVolumeFacts[];
  /** Names of the volumes that regular containers mount as folders. */
  mounted: string[];
  /** Names of the containers in which commands can be run, the first regular one first. */
  containers: string[];
}

/** Reduces a pod. Generic ephemeral volumes are the claims that Kubernetes makes for them. */
export function podFacts(pod: KubernetesObject): PodFacts {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  const containers = objectsAt(pod, 'spec', 'containers');
  const sidecars = objectsAt(pod, 'spec', 'initContainers').filter(
    each => each.restartPolicy === 'Always',
  );
  const interesting = Object.entries(pod.metadata.annotations ?? {}).filter(
    ([key]) => key.includes('backup.velero.io/'),
  );
  return {
    namespace,
    name,
    uid,
    phase: stringAt(pod, 'status', 'phase') ?? '',
    node: stringAt(pod, 'spec', 'nodeName') || undefined,
    isBeingDeleted: pod.metadata.deletionTimestamp !== undefined,
    labels: pod.metadata.labels ?? {},
    annotations: Object.fromEntries(interesting),
    volumes: objectsAt(pod, 'spec', 'volumes').map(source => {
      const volume = stringAt(source, 'name') ?? '';
      const claim =
        stringAt(source, 'persistentVolumeClaim', 'claimName') ??
        (isJsonObject(source.ephemeral) ? `${name}-${volume}` : undefined);
      return { name: volume, ...(claim && { claim }), source };
    }),
    mounted: containers.flatMap(container =>
      objectsAt(container, 'volumeMounts').map(
        mount => stringAt(mount, 'name') ?? '',
      ),
    ),
    containers: [...containers, ...sidecars].map(
      container => stringAt(container, 'name') ?? '',
    ),
  };
}

/** Whether a pod's volume is one that file-system backup never takes. Source: Velero `shouldIncludeVolumeInBackup`. */
export function isNeverCopied(volume: PodVolumeFacts): boolean {
  const kinds = ['hostPath', 'secret', 'configMap', 'projected', 'downwardAPI'];
  return (
    kinds.some(kind => isJsonObject(volume.source[kind])) ||
    volume.name.startsWith('default-token')
  );
}

/** Whether a volume is a folder of the node. */
export function isHostPath(volume: KubernetesObject | undefined): boolean {
  return isJsonObject(objectAt(volume, 'spec').hostPath);
}
