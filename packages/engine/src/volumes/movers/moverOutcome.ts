import { readMoverResult, type MoverResult } from '@lifeboat/data-mover';
import { dataPathAnnotations, type DataPathObject } from './DataPathObject';
import type { Pod } from './Pod';
import type { PodState } from './podState';

/**
 * How a mover ended: what its termination message says, else what it wrote on its resource before it exited. An exit code alone
 * is no success: a program that never began may end with 0. Undefined while it is at work, or when nothing is known of it.
 */
export function moverOutcome(
  owner: DataPathObject,
  pod: Pod | undefined,
  podIs: PodState,
): MoverResult | undefined {
  const terminated = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  const said =
    readMoverResult(terminated?.message) ??
    readMoverResult(
      owner.metadata.annotations?.[dataPathAnnotations.moverResult],
    );
  if (said) return said;
  if (podIs.state === 'running' || podIs.state === 'starting') return undefined;
  const saved = savedSnapshot(owner);
  if (saved) return saved;
  if (podIs.state !== 'ended') return undefined;
  if (terminated?.exitCode === 3) return { outcome: 'canceled' };
  return { outcome: 'failed', message: endWithoutResult(pod) };
}

/** A snapshot's ID is written only once the repository has the whole of it. */
function savedSnapshot(owner: DataPathObject): MoverResult | undefined {
  if (owner.kind !== 'DataUpload' && owner.kind !== 'PodVolumeBackup') {
    return undefined;
  }
  const { snapshotID, incrementalBytes, progress } = owner.status ?? {};
  return snapshotID
    ? {
        outcome: 'completed',
        snapshotID,
        ...(incrementalBytes === undefined ? {} : { incrementalBytes }),
        ...(progress?.totalBytes === undefined
          ? {}
          : { totalBytes: progress.totalBytes }),
      }
    : undefined;
}

function endWithoutResult(pod: Pod | undefined): string {
  const status = pod?.status;
  const terminated = status?.containerStatuses?.[0]?.state?.terminated;
  if (terminated?.reason === 'OOMKilled') {
    return 'the mover ended without a result: it was killed because it used more memory than its limit (raise dataMover.podResources.memoryLimit)';
  }
  const facts = [
    ...(terminated ? [`exit code ${terminated.exitCode}`] : []),
    ...(terminated?.reason && terminated.reason !== 'Error'
      ? [terminated.reason]
      : []),
    ...(status?.reason ? [status.reason] : []),
    ...(status?.message ? [status.message] : []),
    ...(terminated?.message ? [terminated.message.trim().slice(0, 500)] : []),
  ];
  return `the mover ended without a result${
    facts.length > 0 ? `: ${facts.join(', ')}` : ''
  }`;
}
