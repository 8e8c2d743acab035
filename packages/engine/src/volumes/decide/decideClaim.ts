import { isJsonObject, objectAt, stringAt } from '../../backup/jsonPath';
import { chooseSnapshotClass } from '../snapshot/chooseSnapshotClass';
import { whyNotCopied } from './fileSystemChoice';
import { isHostPath, isNeverCopied } from './PodFacts';
import type {
  ClaimFacts,
  DecisionContext,
  VolumeDecision,
} from './VolumeDecision';
import { VolumeUse, wishForClaim } from './wish';

/** What a platform team turns on for it. */
export const fileSystemBackupOff =
  'file-system backup is off (fileSystemBackup.enabled in the engine’s configuration)';

/**
 * Decides what happens to the data of a claim: resource policy, then opt-in and opt-out annotations of its pods, then snapshots.
 *
 * Source: Velero `internal/volumehelper` and `pkg/backup/actions/csi/pvc_action.go`. For backups of components: the way that
 * works, never silently nothing.
 */
export function decideClaim(
  facts: ClaimFacts,
  context: DecisionContext,
): VolumeDecision {
  const { isComponent, fileSystemBackup } = context;
  const wish = wishForClaim(
    context,
    facts,
    uses(facts).filter(({ volume }) => !isNeverCopied(volume)),
    !fileSystemBackup.claimsExcluded &&
      (fileSystemBackup.enabled || !isComponent),
  );
  switch (wish.want) {
    case 'skip':
    case 'custom':
      return {
        method: 'skip',
        severity: 'info',
        reason: wish.reason,
        withVolume: wish.want !== 'skip',
      };
    case 'fs-backup':
      return copy(facts, context, wish.reason);
    case 'nothing':
      return skip('warning', wish.reason);
    default:
      return takeAnyWay(facts, context, wish.reason);
  }
}

/** By snapshot; a component's volume that has none, by its files. */
function takeAnyWay(
  facts: ClaimFacts,
  context: DecisionContext,
  why: string,
): VolumeDecision {
  const { isComponent } = context;
  const taken = snapshot(facts, context, why);
  if (taken.method !== 'skip' || !isComponent || !isBound(facts)) {
    return taken;
  }
  const copied = copy(facts, context, taken.reason);
  return copied.method === 'skip'
    ? skip('error', `${taken.reason}, and ${copied.reason}`)
    : copied;
}

function skip(
  severity: VolumeDecision['severity'],
  reason: string,
): VolumeDecision {
  return { method: 'skip', severity, reason, withVolume: true };
}

/** The Backup asks for data expressly, so leaving some out is an error. */
function isAsked({ spec, isComponent }: DecisionContext): boolean {
  return (
    isComponent ||
    spec.snapshotMoveData === true ||
    spec.defaultVolumesToFsBackup === true ||
    spec.snapshotVolumes === true
  );
}

function isBound({ claim }: ClaimFacts): boolean {
  return (
    stringAt(claim, 'status', 'phase') === 'Bound' &&
    Boolean(stringAt(claim, 'spec', 'volumeName'))
  );
}

function snapshot(
  facts: ClaimFacts,
  context: DecisionContext,
  why: string,
): VolumeDecision {
  const { claim, volume, storageClass } = facts;
  const missing = isAsked(context) ? 'error' : 'warning';
  if (!isBound(facts)) {
    return stringAt(claim, 'status', 'phase') === 'Lost'
      ? skip(missing, 'its volume is lost')
      : skip('warning', 'the claim is not bound to a volume yet');
  }
  if (context.snapshots.problem) {
    return skip(missing, context.snapshots.problem);
  }
  if (volume && !isJsonObject(objectAt(volume, 'spec').csi)) {
    return skip(
      missing,
      'its volume does not belong to a CSI driver, so that no snapshot can be made',
    );
  }
  const className = stringAt(claim, 'spec', 'storageClassName');
  if (!className) {
    return skip(
      'error',
      'the claim names no StorageClass, which a snapshot needs',
    );
  }
  if (storageClass === 'missing') {
    return skip('error', `its StorageClass ${className} does not exist`);
  }
  const driver =
    stringAt(volume, 'spec', 'csi', 'driver') ??
    (storageClass === 'unknown'
      ? claim.metadata.annotations?.['volume.kubernetes.io/storage-provisioner']
      : stringAt(storageClass, 'provisioner'));
  if (!driver) {
    return skip(
      missing,
      'the engine may read neither its volume nor its StorageClass, so that its driver is unknown',
    );
  }
  try {
    const chosen = chooseSnapshotClass(context.snapshots.classes, {
      driver,
      claim,
      backup: context.backup,
    });
    return {
      method: context.spec.snapshotMoveData
        ? 'csi-data-movement'
        : 'csi-snapshot',
      severity: 'info',
      reason: why,
      withVolume: true,
      snapshot: {
        driver,
        snapshotClass: chosen.metadata.name ?? '',
        storageClass: className,
      },
    };
  } catch (error) {
    return skip('error', (error as Error).message);
  }
}

function copy(
  facts: ClaimFacts,
  context: DecisionContext,
  why: string,
): VolumeDecision {
  const { claim, volume } = facts;
  const missing = isAsked(context) ? 'error' : 'warning';
  if (!context.fileSystemBackup.enabled) {
    return skip('error', fileSystemBackupOff);
  }
  if (stringAt(claim, 'spec', 'volumeMode') === 'Block') {
    return skip(missing, 'it is a block device, which has no files to copy');
  }
  if (isHostPath(volume)) {
    return skip(missing, 'it is a folder of its node (hostPath)');
  }
  const candidates = uses(facts).map(use => ({
    use,
    problem: whyNotCopied(use.pod, use.volume),
  }));
  const usable = candidates.find(({ problem }) => !problem);
  if (!usable) {
    return skip(
      missing,
      candidates[0]?.problem ??
        'no pod mounts it, so that its files cannot be read',
    );
  }
  return {
    method: 'fs-backup',
    severity: 'info',
    reason: why,
    withVolume: true,
    copy: usable.use,
  };
}

function uses({ claim, pods }: ClaimFacts): VolumeUse[] {
  return pods.flatMap(pod =>
    pod.volumes
      .filter(volume => volume.claim === claim.metadata.name)
      .map(volume => ({ pod, volume })),
  );
}
