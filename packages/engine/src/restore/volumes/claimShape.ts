import { createHash } from 'node:crypto';
import { validLabelValue, veleroLabels } from '@lifeboat/velero-api';
import {
  isJsonObject,
  objectAt,
  removeAt,
  valueAt,
} from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

/**
 * Makes a claim that no provisioner serves: it stays Pending until a volume with content is handed over to it.
 *
 * @param claim - changed in place
 *
 * Source: Velero `velero.io/csi-pvc-restorer`, which leaves the selector on the claim; ours is the same in each attempt of a
 * restore.
 */
export function awaitHandOver(
  claim: KubernetesObject,
  target: { namespace: string; name: string },
  restoreUid: string,
): void {
  dropSource(claim);
  const spec = valueAt(claim, 'spec');
  if (!isJsonObject(spec)) {
    return;
  }
  const selector = objectAt(spec, 'selector');
  const suffix = createHash('sha256')
    .update(`${restoreUid}/${target.namespace}/${target.name}`)
    .digest('hex')
    .slice(0, 5);
  spec.selector = {
    ...selector,
    matchLabels: {
      ...objectAt(selector, 'matchLabels'),
      [veleroLabels.dynamicPvRestore]: validLabelValue(
        `${target.namespace}.${target.name}.${suffix}`,
      ),
    },
  };
}

/**
 * Takes the volume from a claim, and what its first content came from.
 *
 * @param claim - changed in place
 */
export function dropSource(claim: KubernetesObject): void {
  removeAt(claim, 'spec', 'volumeName');
  removeAt(claim, 'spec', 'dataSource');
  removeAt(claim, 'spec', 'dataSourceRef');
}

/** Whether a claim waits, or waited, for a volume to be handed over to it. */
export function awaitsHandOver(claim: KubernetesObject): boolean {
  return (
    valueAt(
      claim,
      'spec',
      'selector',
      'matchLabels',
      veleroLabels.dynamicPvRestore,
    ) !== undefined
  );
}

/**
 * Drops the selector that an earlier restore left on a claim: with it, no provisioner would serve the claim.
 *
 * @param claim - changed in place
 */
export function dropHandOverSelector(claim: KubernetesObject): void {
  if (!awaitsHandOver(claim)) {
    return;
  }
  removeAt(
    claim,
    'spec',
    'selector',
    'matchLabels',
    veleroLabels.dynamicPvRestore,
  );
  const selector = objectAt(claim, 'spec', 'selector');
  if (Object.keys(objectAt(selector, 'matchLabels')).length === 0) {
    delete selector.matchLabels;
  }
  if (Object.keys(selector).length === 0) {
    removeAt(claim, 'spec', 'selector');
  }
}

/**
 * Lets a claim be provisioned from a VolumeSnapshot.
 *
 * @param claim - changed in place
 *
 * Source: Velero `resetPVCSourceToVolumeSnapshot`.
 */
export function provisionFromSnapshot(
  claim: KubernetesObject,
  volumeSnapshot: string,
): void {
  dropSource(claim);
  const spec = valueAt(claim, 'spec');
  if (isJsonObject(spec)) {
    spec.dataSource = {
      apiGroup: 'snapshot.storage.k8s.io',
      kind: 'VolumeSnapshot',
      name: volumeSnapshot,
    };
  }
}
