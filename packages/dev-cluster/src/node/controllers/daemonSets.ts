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
import { templateHash } from './templateHash';
import { DaemonSet, isActive, isFinished, isReady, Pod } from './Workload';

const REVISION_LABEL = 'controller-revision-hash';

/** One pod of each DaemonSet on every node (there is one node). */
export function daemonSets(context: ControllerContext): Controller {
  const { informers } = context;
  const sets = informers.of<DaemonSet>(types.daemonSets);
  const pods = informers.of<Pod>(types.pods);
  const nodes = informers.of(types.nodes);

  const queue = queueFor(context, 'daemon sets', async key => {
    const set = sets.get(key);
    if (!set?.spec) return;
    const revision = templateHash(set.spec.template);
    const owned = await claimOwned(
      context,
      pods,
      set,
      types.daemonSets,
      set.spec.selector,
    );
    const active = owned.filter(isActive);
    if (!set.metadata.deletionTimestamp) {
      for (const node of nodes.list()) {
        const here = active.filter(
          pod => pod.spec?.nodeName === node.metadata.name,
        );
        const finished = owned.filter(
          pod => isFinished(pod) && !pod.metadata.deletionTimestamp,
        );
        for (const pod of finished) await deletePod(context, pod);
        if (here.length === 0) {
          await createPod(
            context,
            pods,
            set,
            types.daemonSets,
            set.spec.template,
            {
              labels: { [REVISION_LABEL]: revision },
              spec: { nodeName: node.metadata.name },
            },
          );
        }
        for (const pod of here) {
          if (pod.metadata.labels?.[REVISION_LABEL] !== revision) {
            await deletePod(context, pod);
          }
        }
      }
    }
    const now = active.filter(
      pod => pod.metadata.labels?.[REVISION_LABEL] === revision,
    );
    const ready = active.filter(isReady).length;
    const desired = nodes.list().length;
    await writeStatus(context, sets, set, {
      currentNumberScheduled: active.length,
      desiredNumberScheduled: desired,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready || null,
      numberUnavailable: Math.max(0, desired - ready) || null,
      updatedNumberScheduled: now.length || null,
      observedGeneration: set.metadata.generation ?? 1,
    });
  });

  sets.onChange(set => queue.add(keyOf(set)));
  nodes.onChange(() => {
    for (const set of sets.list()) queue.add(keyOf(set));
  });
  onOwnedChange(
    pods,
    sets,
    'DaemonSet',
    set => set.spec?.selector,
    key => queue.add(key),
  );
  return queue;
}
