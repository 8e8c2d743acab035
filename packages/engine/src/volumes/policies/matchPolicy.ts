import { isJsonObject, objectAt, stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { parseQuantity } from './quantity';
import type {
  PolicyVolume,
  ResourcePolicies,
  VolumeAction,
  VolumeConditions,
} from './ResourcePolicies';

/** What conditions can be matched against: a claim's volume, a pod's own volume, or an unbound claim. */
export interface VolumeParts {
  volume?: KubernetesObject;
  /** An entry of a pod's `spec.volumes`. */
  podVolume?: { [field: string]: unknown };
  claim?: KubernetesObject;
}

/**
 * The first policy's action that matches a volume, if any does.
 *
 * Source: Velero `GetMatchAction`.
 */
export function matchPolicy(
  policies: ResourcePolicies | undefined,
  parts: VolumeParts,
): VolumeAction | undefined {
  if (!policies || (!parts.volume && !parts.podVolume && !parts.claim)) {
    return undefined;
  }
  const volume = policyVolume(parts);
  return policies.volumePolicies.find(({ conditions }) =>
    matches(conditions, volume),
  )?.action;
}

/** Name of a volume's source as policies spell it; empty when there is none. */
export function volumeType(source: { [field: string]: unknown }): string {
  const name = Object.keys(source).find(
    key =>
      isJsonObject(source[key]) &&
      !['capacity', 'claimRef', 'nodeAffinity'].includes(key),
  );
  return name === 'storageos' ? 'storageOS' : name ?? '';
}

/** @see matchPolicy */
export function policyVolume({
  volume,
  podVolume,
  claim,
}: VolumeParts): PolicyVolume {
  const source = volume ? objectAt(volume, 'spec') : podVolume ?? {};
  const nfs = source.nfs;
  const csi = source.csi;
  const { labels } = claim?.metadata ?? {};
  return {
    capacity: capacityOf(stringAt(source, 'capacity', 'storage')),
    storageClass: volume ? stringAt(source, 'storageClassName') ?? '' : '',
    ...(isJsonObject(nfs) && { nfs }),
    ...(isJsonObject(csi) && { csi }),
    volumeType: volumeType(source),
    ...(labels && Object.keys(labels).length > 0 && { pvcLabels: labels }),
    pvcPhase: stringAt(claim, 'status', 'phase') ?? '',
  };
}

/** Whether all conditions hold. */
export function matches(
  conditions: VolumeConditions,
  volume: PolicyVolume,
): boolean {
  return (
    isInRange(conditions.capacity, volume.capacity) &&
    contains(conditions.storageClass, volume.storageClass) &&
    nfsMatches(conditions.nfs, volume.nfs) &&
    csiMatches(conditions.csi, volume.csi) &&
    contains(conditions.volumeTypes, volume.volumeType) &&
    contains(conditions.pvcPhase, volume.pvcPhase) &&
    Object.entries(conditions.pvcLabels ?? {}).every(
      ([key, value]) => volume.pvcLabels?.[key] === value,
    )
  );
}

function isInRange(
  { lower, upper }: VolumeConditions['capacity'],
  size: bigint,
): boolean {
  return lower <= size && (upper >= size || upper === 0n);
}

function contains(wanted: string[] | undefined, value: string): boolean {
  return (
    wanted === undefined ||
    wanted.length === 0 ||
    (value !== '' && wanted.includes(value))
  );
}

function nfsMatches(
  wanted: VolumeConditions['nfs'],
  actual: PolicyVolume['nfs'],
): boolean {
  return (
    !wanted ||
    (actual !== undefined &&
      (!wanted.path || wanted.path === actual.path) &&
      (!wanted.server || wanted.server === actual.server))
  );
}

function csiMatches(
  wanted: VolumeConditions['csi'],
  actual: PolicyVolume['csi'],
): boolean {
  if (!wanted) {
    return true;
  }
  if (!actual || !wanted.driver) {
    return actual !== undefined;
  }
  return (
    wanted.driver === actual.driver &&
    Object.entries(wanted.volumeAttributes ?? {}).every(
      ([key, value]) => actual.volumeAttributes?.[key] === value,
    )
  );
}

function capacityOf(text: string | undefined): bigint {
  try {
    return text ? parseQuantity(text) : 0n;
  } catch {
    return 0n;
  }
}
