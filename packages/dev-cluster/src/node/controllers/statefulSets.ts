import { keyOf } from '../api/Informer';
import { KubeError } from '../api/KubeClient';
import {
  controllerOf,
  controllerReference,
  Resource,
  types,
} from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import {
  claimOwned,
  createPod,
  deletePod,
  onOwnedChange,
  writeStatus,
} from './podOwnership';
import { templateHash } from './templateHash';
import { isFinished, isReady, Pod, StatefulSet } from './Workload';

const REVISION_LABEL = 'controller-revision-hash';

/** Runs StatefulSets: numbered pods with claims of their own, in order. */
export function statefulSets(context: ControllerContext): Controller {
  const { client, informers } = context;
  const sets = informers.of<StatefulSet>(types.statefulSets);
  const pods = informers.of<Pod>(types.pods);
  const claims = informers.of(types.persistentVolumeClaims);
  const revisions = informers.of<Resource>(types.controllerRevisions);

  async function ensureClaims(set: StatefulSet, ordinal: number) {
    const { namespace, name } = set.metadata;
    for (const template of set.spec?.volumeClaimTemplates ?? []) {
      const claim = `${template.metadata?.name}-${name}-${ordinal}`;
      if (claims.get(`${namespace}/${claim}`)) continue;
      try {
        claims.observe(
          await client.create(types.persistentVolumeClaims, namespace, {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: {
              name: claim,
              namespace,
              labels: {
                ...template.metadata?.labels,
                ...set.spec?.selector.matchLabels,
              },
              annotations: template.metadata?.annotations,
            },
            spec: template.spec,
          }),
        );
      } catch (error) {
        if (!alreadyExists(error)) throw error;
      }
    }
  }

  async function ensureRevision(set: StatefulSet): Promise<string> {
    const { namespace, name } = set.metadata;
    const revision = `${name}-${templateHash(set.spec?.template)}`;
    const present = revisions.get(`${namespace}/${revision}`);
    if (!present) {
      const numbers = revisions
        .list(namespace)
        .filter(each => controllerOf(each)?.uid === set.metadata.uid)
        .map(each => Number((each as { revision?: number }).revision ?? 0));
      try {
        revisions.observe(
          await client.create(types.controllerRevisions, namespace, {
            apiVersion: 'apps/v1',
            kind: 'ControllerRevision',
            metadata: {
              name: revision,
              namespace,
              labels: {
                ...set.spec?.template.metadata?.labels,
                [REVISION_LABEL]: revision,
              },
              ownerReferences: [controllerReference(set, types.statefulSets)],
            },
            revision: Math.max(0, ...numbers) + 1,
            data: {
              spec: { template: { ...set.spec?.template, $patch: 'replace' } },
            },
          }),
        );
      } catch (error) {
        if (!alreadyExists(error)) throw error;
      }
    }
    await claimOwned(
      context,
      revisions,
      set,
      types.statefulSets,
      set.spec?.selector,
    );
    return revision;
  }

  async function createOrdinal(
    set: StatefulSet,
    ordinal: number,
    revision: string,
  ): Promise<void> {
    const { name } = set.metadata;
    await ensureClaims(set, ordinal);
    const template = set.spec!.template;
    const ownVolumes = (set.spec?.volumeClaimTemplates ?? []).map(claim => ({
      name: claim.metadata?.name ?? '',
      persistentVolumeClaim: {
        claimName: `${claim.metadata?.name}-${name}-${ordinal}`,
      },
    }));
    const names = new Set(ownVolumes.map(volume => volume.name));
    try {
      await createPod(context, pods, set, types.statefulSets, template, {
        name: `${name}-${ordinal}`,
        labels: {
          'apps.kubernetes.io/pod-index': String(ordinal),
          [REVISION_LABEL]: revision,
          'statefulset.kubernetes.io/pod-name': `${name}-${ordinal}`,
        },
        spec: {
          hostname: `${name}-${ordinal}`,
          subdomain: set.spec?.serviceName || undefined,
          volumes: [
            ...ownVolumes,
            ...(template.spec?.volumes ?? []).filter(
              volume => !names.has(volume.name),
            ),
          ],
        },
      });
    } catch (error) {
      if (!alreadyExists(error)) throw error;
    }
  }

  /** Takes the one next step towards the wanted pods. */
  async function step(
    set: StatefulSet,
    owned: Pod[],
    revision: string,
  ): Promise<void> {
    const wanted = set.spec?.replicas ?? 1;
    const first = set.spec?.ordinals?.start ?? 0;
    const ordered = set.spec?.podManagementPolicy !== 'Parallel';
    const byOrdinal = new Map(owned.map(pod => [ordinalOf(pod), pod]));
    for (let ordinal = first; ordinal < first + wanted; ordinal += 1) {
      const pod = byOrdinal.get(ordinal);
      if (!pod) {
        await createOrdinal(set, ordinal, revision);
        if (ordered) return;
      } else if (isFinished(pod) && !pod.metadata.deletionTimestamp) {
        await deletePod(context, pod);
        if (ordered) return;
      } else if (ordered && (!isReady(pod) || pod.metadata.deletionTimestamp)) {
        return;
      }
    }
    const surplus = owned
      .filter(pod => ordinalOf(pod) < first || ordinalOf(pod) >= first + wanted)
      .sort((a, b) => ordinalOf(b) - ordinalOf(a));
    for (const pod of surplus) {
      if (!pod.metadata.deletionTimestamp) await deletePod(context, pod);
      if (ordered) return;
    }
    if (set.spec?.updateStrategy?.type === 'OnDelete') return;
    const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (
      let ordinal = first + wanted - 1;
      ordinal >= first + partition;
      ordinal -= 1
    ) {
      const pod = byOrdinal.get(ordinal);
      if (!pod || pod.metadata.deletionTimestamp) return;
      if (pod.metadata.labels?.[REVISION_LABEL] !== revision) {
        await deletePod(context, pod);
        return;
      }
      if (!isReady(pod)) return;
    }
  }

  const queue = queueFor(context, 'stateful sets', async key => {
    const set = sets.get(key);
    if (!set?.spec) return;
    const owned = await claimOwned(
      context,
      pods,
      set,
      types.statefulSets,
      set.spec.selector,
    );
    let revision = set.status?.updateRevision ?? '';
    if (!set.metadata.deletionTimestamp) {
      revision = await ensureRevision(set);
      await step(set, owned, revision);
    }
    const now = pods
      .list(set.metadata.namespace)
      .filter(pod => controllerOf(pod)?.uid === set.metadata.uid);
    const updated = now.filter(
      pod => pod.metadata.labels?.[REVISION_LABEL] === revision,
    ).length;
    const ready = now.filter(isReady).length;
    const done = updated === now.length && now.length === set.spec.replicas;
    const currentRevision = done
      ? revision
      : set.status?.currentRevision ?? revision;
    await writeStatus(context, sets, set, {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: now.length,
      readyReplicas: ready || null,
      availableReplicas: ready,
      updatedReplicas: updated || null,
      currentReplicas:
        now.filter(
          pod => pod.metadata.labels?.[REVISION_LABEL] === currentRevision,
        ).length || null,
      currentRevision,
      updateRevision: revision,
      collisionCount: 0,
    });
  });

  sets.onChange(set => queue.add(keyOf(set)));
  onOwnedChange(
    pods,
    sets,
    'StatefulSet',
    set => set.spec?.selector,
    key => queue.add(key),
  );
  return queue;
}

function ordinalOf(pod: Pod): number {
  return Number(
    pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1),
  );
}

function alreadyExists(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'AlreadyExists';
}
