import { keyOf } from '../api/Informer';
import { types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import {
  claimOwned,
  createPod,
  deletePod,
  onOwnedChange,
  writeStatus,
} from './podOwnership';
import { isActive, isReady, Pod, ReplicaSet } from './Workload';

const MOST_AT_ONCE = 50;

/** Keeps the number of pods that each ReplicaSet asks for. */
export function replicaSets(context: ControllerContext): Controller {
  const sets = context.informers.of<ReplicaSet>(types.replicaSets);
  const pods = context.informers.of<Pod>(types.pods);

  const queue = queueFor(context, 'replica sets', async key => {
    const set = sets.get(key);
    if (!set?.spec) return;
    const owned = await claimOwned(
      context,
      pods,
      set,
      types.replicaSets,
      set.spec.selector,
    );
    const active = owned.filter(isActive);
    const wanted = set.spec.replicas ?? 1;
    if (!set.metadata.deletionTimestamp) {
      const missing = Math.min(wanted - active.length, MOST_AT_ONCE);
      for (let index = 0; index < missing; index += 1) {
        await createPod(
          context,
          pods,
          set,
          types.replicaSets,
          set.spec.template,
        );
      }
      const surplus = [...active].sort(firstToGo);
      for (const pod of surplus.slice(0, Math.max(0, -missing))) {
        await deletePod(context, pod);
      }
    }
    const now = pods
      .list(set.metadata.namespace)
      .filter(
        pod =>
          isActive(pod) &&
          pod.metadata.ownerReferences?.some(
            owner => owner.controller && owner.uid === set.metadata.uid,
          ),
      );
    const ready = now.filter(isReady).length;
    await writeStatus(context, sets, set, {
      replicas: now.length,
      fullyLabeledReplicas: now.length || null,
      readyReplicas: ready || null,
      availableReplicas: ready || null,
      observedGeneration: set.metadata.generation ?? 1,
    });
  });

  sets.onChange(set => queue.add(keyOf(set)));
  onOwnedChange(
    pods,
    sets,
    'ReplicaSet',
    set => set.spec?.selector,
    key => queue.add(key),
  );
  return queue;
}

function firstToGo(a: Pod, b: Pod): number {
  const rank = (pod: Pod) => {
    if (!pod.spec?.nodeName) return 0;
    return isReady(pod) ? 2 : 1;
  };
  return (
    rank(a) - rank(b) ||
    (b.metadata.creationTimestamp ?? '').localeCompare(
      a.metadata.creationTimestamp ?? '',
    )
  );
}
