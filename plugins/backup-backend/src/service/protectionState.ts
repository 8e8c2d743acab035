import type {
  EngineState,
  Protection,
  RecoveryPoint,
  StorageState,
} from '@lifeboat/backstage-plugin-backup-common';
import { objectsOnlyText } from '@lifeboat/backstage-plugin-backup-common';

/** What the judgement about a component rests on. */
export interface ProtectionFacts {
  /** All recovery points, newest first. */
  points: RecoveryPoint[];
  engine: EngineState;
  storage: StorageState[];
  /** Volumes of the component now; undefined when they could not be counted. */
  volumeCount: number | undefined;
  /** The component's namespace, while it does not exist. */
  absentNamespace?: string;
  /** A scheduled run that should have happened after the newest point, RFC 3339. */
  missedRun?: string;
}

/**
 * How a component is protected, with the reason in one sentence. Unknown is
 * never shown as healthy, and volumes without their data are a risk.
 */
export function protectionState(
  facts: ProtectionFacts,
): Pick<Protection, 'state' | 'reason' | 'lastPoint'> {
  // A cancelled run says nothing about how well the component is protected.
  const finished = facts.points.filter(
    ({ completedAt, state }) => completedAt && state !== 'cancelled',
  );
  const last = finished[0];
  const good = finished.find(({ state }) => state === 'done');
  const restorable = good ?? finished.find(point => point.restorable);
  if (!restorable?.completedAt) {
    if (last) {
      return {
        state: 'unprotected',
        reason: `The last backup failed${because(
          last.reason,
        )}, and there is no recovery point.`,
      };
    }
    return {
      state: 'unprotected',
      reason: facts.points.some(({ state }) =>
        ['waiting', 'running'].includes(state),
      )
        ? 'The first recovery point is being made.'
        : 'There is no recovery point yet.',
    };
  }
  const lastPoint = {
    name: restorable.name,
    completedAt: restorable.completedAt,
    ...(restorable.objects !== undefined && { objects: restorable.objects }),
    ...(restorable.volumes && { volumes: restorable.volumes.included }),
  };
  const risk = firstRisk(facts, last, good);
  return risk
    ? { state: 'at-risk', reason: risk, lastPoint }
    : {
        state: 'protected',
        reason: 'The last recovery point is complete.',
        lastPoint,
      };
}

function firstRisk(
  facts: ProtectionFacts,
  last: RecoveryPoint,
  good: RecoveryPoint | undefined,
): string | undefined {
  if (facts.absentNamespace) {
    return `Namespace "${facts.absentNamespace}" does not exist; a recovery point can bring it back.`;
  }
  const unavailable = facts.storage.find(
    ({ state }) => state === 'unavailable',
  );
  if (unavailable) {
    return `The backup storage "${unavailable.name}" cannot be used.`;
  }
  if (facts.engine.state === 'stopped' || facts.engine.state === 'paused') {
    return facts.engine.message ?? 'The backup engine is not running.';
  }
  if (last.state === 'needs-attention') {
    return `The last recovery point is not complete${because(
      volumesLeft(last) ?? last.reason,
    )}.`;
  }
  if (!good || last !== good) {
    return `The last backup failed${because(last.reason)}.`;
  }
  if (facts.missedRun) {
    return `The scheduled run at ${facts.missedRun} did not happen.`;
  }
  return volumeRisk(facts, good);
}

function volumeRisk(
  { volumeCount }: ProtectionFacts,
  { volumes }: RecoveryPoint,
): string | undefined {
  if (volumes) {
    const left = volumesLeft({ volumes });
    return left && `${left}.`;
  }
  return volumeCount
    ? `The last recovery point does not say whether the data of ${
        volumeCount === 1 ? 'the volume' : `the ${volumeCount} volumes`
      } is in it.`
    : undefined;
}

/** That data of volumes is missing; undefined where it is all there, or not known. */
function volumesLeft({
  volumes,
}: Pick<RecoveryPoint, 'volumes'>): string | undefined {
  const missing = volumes ? volumes.count - volumes.included : 0;
  return missing > 0 ? objectsOnlyText(missing) : undefined;
}

function because(reason: string | undefined): string {
  return reason ? ` (${reason})` : '';
}
