import type {
  DataMoverConfig,
  NodeSelectorConfig,
} from '../../config/EngineConfig';
import type {
  NodeRequirement,
  NodeSelectorTerm,
  Volume,
} from '../expose/storageObjects';

/**
 * On which nodes a mover may run: where the volume can be reached and where the platform team wants movers. Of `loadAffinity` the
 * first entry for the storage class counts, else the first for all classes (Velero).
 *
 * @param volume - the volume, or the one that the snapshot was taken of
 * @returns alternatives, as node affinity has them; empty: any node
 */
export function moverNodes(
  loadAffinity: DataMoverConfig['loadAffinity'],
  storageClass: string | undefined,
  volume: Volume | undefined,
): NodeSelectorTerm[] {
  const wanted =
    loadAffinity?.find(
      entry =>
        entry.storageClass !== undefined && entry.storageClass === storageClass,
    ) ?? loadAffinity?.find(entry => entry.storageClass === undefined);
  const wantedRequirements = wanted ? requirements(wanted.nodeSelector) : [];
  const reachable =
    volume?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  if (reachable.length === 0) {
    return wantedRequirements.length > 0
      ? [{ matchExpressions: wantedRequirements }]
      : [];
  }
  return reachable.map(term => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), ...wantedRequirements],
  }));
}

function requirements(selector: NodeSelectorConfig): NodeRequirement[] {
  return [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
      key,
      operator: 'In',
      values: [value],
    })),
    ...(selector.matchExpressions ?? []),
  ];
}
