import { matchPolicy, VolumeParts } from '../policies/matchPolicy';
import { isChosenByPod } from './fileSystemChoice';
import { isNeverCopied, PodFacts, PodVolumeFacts } from './PodFacts';
import type { DecisionContext } from './VolumeDecision';

/** What is asked for a volume, before it is known whether that is possible. */
export interface VolumeWish {
  want: 'snapshot' | 'fs-backup' | 'skip' | 'custom' | 'nothing';
  /** Who asks. */
  reason: string;
}

/** A pod's use of a volume. */
export interface VolumeUse {
  pod: PodFacts;
  volume: PodVolumeFacts;
}

type Rules = Pick<DecisionContext, 'spec' | 'policies'>;

const bySpec = 'spec.defaultVolumesToFsBackup is true';
const byPod = 'an annotation of its pod says so';
const byPolicy = 'a resource policy says so';

/** What a resource policy says. Source: Velero, first matching policy. */
function wishOfPolicy(
  { policies }: Rules,
  parts: VolumeParts,
): VolumeWish | undefined {
  const action = matchPolicy(policies, parts);
  switch (action?.type) {
    case 'skip':
      return {
        want: 'skip',
        reason: 'a resource policy says that it is skipped',
      };
    case 'custom':
      return {
        want: 'custom',
        reason: 'a resource policy leaves it to another program (custom)',
      };
    case undefined:
      return undefined;
    default:
      return { want: action!.type, reason: byPolicy };
  }
}

/**
 * What is asked for a claim: by a resource policy, else by its pods' annotations, else by `snapshotVolumes`.
 *
 * @param mayCopy - false where its pods' annotations are without effect
 *
 * Source: Velero `ShouldPerformSnapshot`.
 */
export function wishForClaim(
  rules: Rules,
  parts: VolumeParts,
  uses: VolumeUse[],
  mayCopy = true,
): VolumeWish {
  const { spec } = rules;
  const byDefault = spec.defaultVolumesToFsBackup === true;
  const ofPolicy = wishOfPolicy(rules, parts);
  if (ofPolicy) {
    return ofPolicy;
  }
  if (
    mayCopy &&
    uses.some(({ pod, volume }) => isChosenByPod(pod, volume, byDefault))
  ) {
    return { want: 'fs-backup', reason: byDefault ? bySpec : byPod };
  }
  return spec.snapshotVolumes === false
    ? { want: 'nothing', reason: 'spec.snapshotVolumes is false' }
    : { want: 'snapshot', reason: 'its driver can make snapshots' };
}

/**
 * What is asked for a volume of a pod, whether or not it is a claim.
 *
 * @param parts - claim and volume behind it, when there are
 *
 * Source: Velero `ShouldPerformFSBackup`.
 */
export function wishForPodVolume(
  rules: Rules,
  { pod, volume }: VolumeUse,
  parts: VolumeParts = {},
): VolumeWish {
  if (isNeverCopied(volume)) {
    return { want: 'nothing', reason: 'volumes of this kind are not copied' };
  }
  const ofPolicy = wishOfPolicy(
    rules,
    parts.volume ? parts : { ...parts, podVolume: volume.source },
  );
  if (ofPolicy) {
    return ofPolicy;
  }
  const byDefault = rules.spec.defaultVolumesToFsBackup === true;
  return isChosenByPod(pod, volume, byDefault)
    ? { want: 'fs-backup', reason: byDefault ? bySpec : byPod }
    : { want: 'nothing', reason: 'nobody asks for its files' };
}
