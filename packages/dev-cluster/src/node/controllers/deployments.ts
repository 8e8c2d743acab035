import { keyOf } from '../api/Informer';
import { KubeError } from '../api/KubeClient';
import { controllerReference, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import { claimOwned, onOwnedChange, writeStatus } from './podOwnership';
import { nextSizes, rolloutLimits } from './rollout';
import { canonicalJson, templateHash } from './templateHash';
import {
  condition,
  Deployment,
  PodTemplate,
  ReplicaSet,
  ReplicaStatus,
} from './Workload';

const HASH_LABEL = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAXIMUM = 'deployment.kubernetes.io/max-replicas';

/** Rolls Deployments out through ReplicaSets. */
export function deployments(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of<Deployment>(types.deployments);
  const sets = informers.of<ReplicaSet>(types.replicaSets);

  async function scale(set: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    if ((set.spec?.replicas ?? 1) === replicas) return set;
    const scaled = await client.patch<ReplicaSet>(
      types.replicaSets,
      set.metadata.namespace,
      set.metadata.name,
      { metadata: { uid: set.metadata.uid }, spec: { replicas } },
    );
    sets.observe(scaled);
    return scaled;
  }

  async function createSet(
    deployment: Deployment,
    replicas: number,
    revision: number,
  ): Promise<ReplicaSet> {
    const spec = deployment.spec!;
    const hash = templateHash({
      template: spec.template,
      collisions: deployment.status?.collisionCount ?? 0,
    });
    const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
    try {
      const created = await client.create<ReplicaSet>(
        types.replicaSets,
        deployment.metadata.namespace,
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: {
            name: `${deployment.metadata.name}-${hash}`,
            namespace: deployment.metadata.namespace,
            labels,
            annotations: {
              ...inheritedAnnotations(deployment),
              [REVISION]: String(revision),
              [DESIRED]: String(spec.replicas ?? 1),
              [MAXIMUM]: String(maximum(deployment)),
            },
            ownerReferences: [
              controllerReference(deployment, types.deployments),
            ],
          },
          spec: {
            replicas,
            minReadySeconds: spec.minReadySeconds,
            selector: {
              ...spec.selector,
              matchLabels: {
                ...spec.selector.matchLabels,
                [HASH_LABEL]: hash,
              },
            },
            template: {
              ...spec.template,
              metadata: { ...spec.template.metadata, labels },
            },
          },
        },
      );
      sets.observe(created);
      return created;
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'AlreadyExists') {
        await client.patch(
          types.deployments,
          deployment.metadata.namespace,
          deployment.metadata.name,
          {
            status: {
              collisionCount: (deployment.status?.collisionCount ?? 0) + 1,
            },
          },
          { subresource: 'status' },
        );
      }
      throw error;
    }
  }

  const queue = queueFor(context, 'deployments', async key => {
    const deployment = all.get(key);
    if (!deployment?.spec || deployment.metadata.deletionTimestamp) return;
    const { spec } = deployment;
    const owned = await claimOwned(
      context,
      sets,
      deployment,
      types.deployments,
      spec.selector,
    );
    const live = owned.filter(set => !set.metadata.deletionTimestamp);
    const wanted = spec.replicas ?? 1;
    const highest = Math.max(0, ...live.map(revisionOf));
    let current = live.find(set => sameTemplate(set, spec.template));
    const old = live.filter(set => set !== current);
    if (spec.paused) {
      await status(deployment, current, old);
      return;
    }
    if (!current) {
      const busy = old.some(set => (set.spec?.replicas ?? 0) > 0);
      current = await createSet(deployment, busy ? 0 : wanted, highest + 1);
    }
    let revision = revisionOf(current);
    if (revision < highest || revision === 0) {
      revision = old.length > 0 ? highest + 1 : Math.max(1, highest);
      current = await annotate(current, revision);
    }
    if (deployment.metadata.annotations?.[REVISION] !== String(revision)) {
      all.observe(
        await client.patch<Deployment>(
          types.deployments,
          deployment.metadata.namespace,
          deployment.metadata.name,
          { metadata: { annotations: { [REVISION]: String(revision) } } },
        ),
      );
    }
    const sizes = nextSizes(
      wanted,
      spec.strategy?.type === 'Recreate'
        ? 'recreate'
        : rolloutLimits(spec.strategy?.rollingUpdate, wanted),
      countOf(current),
      old.map(countOf),
    );
    const pending = old.some(set => (set.status?.replicas ?? 0) > 0);
    const recreating = spec.strategy?.type === 'Recreate' && pending;
    for (const [index, set] of old.entries()) {
      old[index] = await scale(set, sizes.old[index]);
    }
    current = await scale(current, recreating ? 0 : sizes.current);
    await status(deployment, current, old);
    await cleanUp(deployment, current, old);
  });

  async function annotate(
    set: ReplicaSet,
    revision: number,
  ): Promise<ReplicaSet> {
    const patched = await client.patch<ReplicaSet>(
      types.replicaSets,
      set.metadata.namespace,
      set.metadata.name,
      { metadata: { annotations: { [REVISION]: String(revision) } } },
    );
    sets.observe(patched);
    return patched;
  }

  async function cleanUp(
    deployment: Deployment,
    current: ReplicaSet,
    old: ReplicaSet[],
  ): Promise<void> {
    const done =
      (current.status?.availableReplicas ?? 0) >=
      (deployment.spec?.replicas ?? 1);
    if (!done) return;
    const empty = old
      .filter(set => set.spec?.replicas === 0 && !set.status?.replicas)
      .sort((a, b) => revisionOf(b) - revisionOf(a));
    for (const set of empty.slice(
      deployment.spec?.revisionHistoryLimit ?? 10,
    )) {
      await client.delete(
        types.replicaSets,
        set.metadata.namespace,
        set.metadata.name,
        { preconditions: { uid: set.metadata.uid } },
      );
    }
  }

  async function status(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: ReplicaSet[],
  ): Promise<void> {
    await writeStatus(
      context,
      all,
      deployment,
      deploymentStatus(deployment, current, old, context.now().toISOString()),
    );
  }

  all.onChange(deployment => queue.add(keyOf(deployment)));
  onOwnedChange(
    sets,
    all,
    'Deployment',
    deployment => deployment.spec?.selector,
    key => queue.add(key),
  );
  return queue;
}

/** The status of a Deployment from its ReplicaSets; null removes a field. */
export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: ReplicaSet[],
  time: string,
): object {
  const now = time.replace(/\.\d+Z$/, 'Z');
  const sum = (field: keyof ReplicaStatus, sets: ReplicaSet[]) =>
    sets.reduce((total, set) => total + Number(set.status?.[field] ?? 0), 0);
  const everything = current ? [current, ...old] : old;
  const wanted = deployment.spec?.replicas ?? 1;
  const replicas = sum('replicas', everything);
  const updated = current ? sum('replicas', [current]) : 0;
  const available = sum('availableReplicas', everything);
  const limits = rolloutLimits(
    deployment.spec?.strategy?.rollingUpdate,
    wanted,
  );
  const enough = available >= wanted - limits.maxUnavailable;
  const complete =
    updated === wanted && replicas === wanted && available === wanted;
  const before = deployment.status?.conditions;
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: replicas || null,
    updatedReplicas: updated || null,
    readyReplicas: sum('readyReplicas', everything) || null,
    availableReplicas: available || null,
    unavailableReplicas: Math.max(0, wanted - available) || null,
    conditions: [
      withUpdateTime(
        condition(
          before,
          {
            type: 'Available',
            status: enough ? 'True' : 'False',
            reason: enough
              ? 'MinimumReplicasAvailable'
              : 'MinimumReplicasUnavailable',
            message: enough
              ? 'Deployment has minimum availability.'
              : 'Deployment does not have minimum availability.',
          },
          now,
        ),
      ),
      withUpdateTime(
        condition(
          before,
          {
            type: 'Progressing',
            status: 'True',
            reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
            message: `ReplicaSet "${current?.metadata.name ?? ''}" ${
              complete ? 'has successfully progressed.' : 'is progressing.'
            }`,
          },
          now,
        ),
      ),
    ],
  };
}

function withUpdateTime<T extends { lastTransitionTime?: string }>(each: T) {
  return { ...each, lastUpdateTime: each.lastTransitionTime };
}

function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0);
}

function countOf(set: ReplicaSet) {
  return {
    desired: set.spec?.replicas ?? 1,
    available: set.status?.availableReplicas ?? 0,
  };
}

function maximum(deployment: Deployment): number {
  const wanted = deployment.spec?.replicas ?? 1;
  return (
    wanted +
    rolloutLimits(deployment.spec?.strategy?.rollingUpdate, wanted).maxSurge
  );
}

function inheritedAnnotations(deployment: Deployment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(
      ([key]) =>
        key !== 'kubectl.kubernetes.io/last-applied-configuration' &&
        !key.startsWith('deployment.kubernetes.io/'),
    ),
  );
}

function sameTemplate(set: ReplicaSet, template: PodTemplate): boolean {
  const { [HASH_LABEL]: _hash, ...labels } =
    set.spec?.template.metadata?.labels ?? {};
  const stripped = {
    ...set.spec?.template,
    metadata: { ...set.spec?.template.metadata, labels },
  };
  return comparable(stripped) === comparable(template);
}

function comparable(template: PodTemplate): string {
  const { creationTimestamp: _time, ...metadata } = template.metadata ?? {};
  return canonicalJson({ ...template, metadata });
}
