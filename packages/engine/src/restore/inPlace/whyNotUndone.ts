import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { InPlaceClaim, InPlaceState } from './InPlaceState';
import { undoLabel } from './swapVolumes';

/** A claim and its former volume as they are in the cluster. */
export interface UndoFacts {
  claim: InPlaceClaim;
  live: KubernetesObject | undefined;
  oldVolume: KubernetesObject | undefined;
}

/**
 * Why the claims of a restore cannot get their old volumes back, one sentence each; empty when they can. Pure.
 *
 * @param restore - name of the Restore
 */
export function whyNotUndone(
  restore: string,
  state: InPlaceState | undefined,
  facts: readonly UndoFacts[],
): string[] {
  if (!state) {
    return ['it gave no claim another volume'];
  }
  if (state.stage === 'undone') {
    return ['its claims have their old volumes already'];
  }
  if (state.stage !== 'done') {
    return ['it has not given its claims their new volumes'];
  }
  return facts.flatMap(({ claim, live, oldVolume }) => {
    const title = `claim ${state.namespace}/${claim.name}`;
    const current = stringAt(live, 'spec', 'volumeName');
    if (!live || live.metadata.deletionTimestamp) {
      return [`${title} has been deleted`];
    }
    if (current !== claim.newVolume) {
      return [
        `${title} has got another volume since (${current}): what was done later is to be undone first`,
      ];
    }
    const { labels, annotations, deletionTimestamp } =
      oldVolume?.metadata ?? {};
    if (!oldVolume || deletionTimestamp) {
      return [`volume ${claim.oldVolume}, which ${title} had before, is gone`];
    }
    const isKept =
      labels?.[undoLabel] === 'true' &&
      annotations?.[lifeboatAnnotations.undoRestore] === restore &&
      annotations?.[lifeboatAnnotations.undoClaim] ===
        `${state.namespace}/${claim.name}`;
    if (!isKept) {
      return [
        `volume ${claim.oldVolume}, which ${title} had before, is not kept any more: the time to undo is over`,
      ];
    }
    return stringAt(oldVolume, 'status', 'phase') === 'Bound'
      ? [`volume ${claim.oldVolume}, which ${title} had before, is in use`]
      : [];
  });
}
