/** How far a rolling update may step out of line, in pods. */
export interface RolloutLimits {
  maxSurge: number;
  maxUnavailable: number;
}

/** A number or a percentage of the replicas, as in a Deployment's strategy. */
export function resolveCount(
  value: number | string | undefined,
  fallback: string,
  total: number,
  round: 'up' | 'down',
): number {
  const given = value ?? fallback;
  if (typeof given === 'number') return given;
  const exact = (Number(given.replace('%', '')) / 100) * total;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

export function rolloutLimits(
  strategy:
    | { maxSurge?: number | string; maxUnavailable?: number | string }
    | undefined,
  replicas: number,
): RolloutLimits {
  const maxSurge = resolveCount(strategy?.maxSurge, '25%', replicas, 'up');
  const maxUnavailable = resolveCount(
    strategy?.maxUnavailable,
    '25%',
    replicas,
    'down',
  );
  return maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge, maxUnavailable: 1 }
    : { maxSurge, maxUnavailable };
}

export interface ReplicaCount {
  desired: number;
  available: number;
}

/**
 * The next sizes of the new and the old ReplicaSets.
 *
 * Kubernetes: never more than replicas + maxSurge pods, never fewer than replicas − maxUnavailable available ones;
 * old pods that are not available go first.
 */
export function nextSizes(
  replicas: number,
  limits: RolloutLimits | 'recreate',
  current: ReplicaCount,
  old: ReplicaCount[],
): { current: number; old: number[] } {
  const oldTotal = old.reduce((sum, each) => sum + each.desired, 0);
  if (limits === 'recreate') {
    return {
      current: oldTotal > 0 ? 0 : replicas,
      old: old.map(() => 0),
    };
  }
  if (oldTotal === 0) return { current: replicas, old: old.map(() => 0) };
  const room = replicas + limits.maxSurge - oldTotal - current.desired;
  const nextCurrent =
    current.desired >= replicas
      ? replicas
      : Math.min(replicas, current.desired + Math.max(0, room));
  const available =
    current.available + old.reduce((sum, each) => sum + each.available, 0);
  const unhealthy = old.map(each => each.desired - each.available);
  let removable = Math.max(
    0,
    available - Math.max(0, replicas - limits.maxUnavailable),
  );
  const sizes = old.map((each, index) => each.desired - unhealthy[index]);
  for (let index = 0; index < sizes.length && removable > 0; index += 1) {
    const step = Math.min(sizes[index], removable);
    sizes[index] -= step;
    removable -= step;
  }
  return { current: nextCurrent, old: sizes };
}
