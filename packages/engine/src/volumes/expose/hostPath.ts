import type { Claim, Volume } from './storageObjects';
import type { Pod, PodVolume } from '../movers/Pod';
import { DataPathError } from './Waiting';

/** Kubelet's folders of volume plug-ins, by the field of a pod's volume or of a PersistentVolume. */
const plugins: { readonly [source: string]: string } = {
  emptyDir: 'kubernetes.io~empty-dir',
  nfs: 'kubernetes.io~nfs',
  local: 'kubernetes.io~local-volume',
  iscsi: 'kubernetes.io~iscsi',
  fc: 'kubernetes.io~fc',
  flexVolume: 'kubernetes.io~flexvolume',
};

/** In-tree plug-ins that every supported Kubernetes serves by their CSI drivers. */
const migrated = new Set([
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cinder',
  'gcePersistentDisk',
  'portworxVolume',
  'vsphereVolume',
]);

const neverBackedUp: { readonly [source: string]: string } = {
  hostPath: 'it is a folder of the node',
  configMap: 'its content is an object of its own',
  secret: 'its content is an object of its own',
  projected: 'its content comes from other objects',
  downwardAPI: 'its content comes from the pod itself',
  image: 'its content is an image',
};

/**
 * Where the kubelet has mounted a pod's volume, relative to the pod's folder below `hostPodsPath`. There is exactly one such
 * folder: the name of the plug-in and of the volume make it up (Velero: GetVolumeDirectory).
 *
 * @param claimed - claim and volume, where the pod's volume is a claim
 * @throws DataPathError for volumes that have no such folder or whose content is not the pod's own
 */
export function volumeFolder(
  volume: PodVolume,
  claimed: { claim: Claim; volume: Volume } | undefined,
): string {
  if (claimed) return claimedFolder(volume.name, claimed);
  if (volume.csi) return `volumes/kubernetes.io~csi/${volume.name}/mount`;
  const source = Object.keys(volume).find(key => key !== 'name') ?? 'none';
  const plugin = plugins[source];
  if (plugin) return `volumes/${plugin}/${volume.name}`;
  const reason =
    neverBackedUp[source] ?? `volumes of type ${source} are not supported`;
  throw new DataPathError(
    `volume ${volume.name} cannot be moved by file-system backup: ${reason}`,
  );
}

function claimedFolder(
  name: string,
  { claim, volume }: { claim: Claim; volume: Volume },
): string {
  if (volume.spec.volumeMode === 'Block' || claim.spec.volumeMode === 'Block') {
    throw new DataPathError(
      `volume ${name} is a block device: file-system backup reads mounted file systems only`,
    );
  }
  const pv = volume.metadata.name ?? '';
  const isCsi =
    volume.spec.csi || Object.keys(volume.spec).some(key => migrated.has(key));
  if (isCsi) return `volumes/kubernetes.io~csi/${pv}/mount`;
  const source = Object.keys(volume.spec).find(key => plugins[key]);
  if (source) return `volumes/${plugins[source]}/${pv}`;
  throw new DataPathError(
    `volume ${name} cannot be moved by file-system backup: PersistentVolume ${pv} is ${
      'hostPath' in volume.spec
        ? 'a folder of the node'
        : 'of a type that is not supported'
    }`,
  );
}

/** The claim behind a pod's volume: the one it names, or its own ephemeral one. */
export function claimNameOf(pod: Pod, volume: PodVolume): string | undefined {
  if (volume.persistentVolumeClaim) {
    return volume.persistentVolumeClaim.claimName;
  }
  return volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined;
}
