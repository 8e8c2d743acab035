import { V1LabelSelector } from '@kubernetes/client-node';
import { matchesSelector } from '../api/labelSelector';
import { Informer, keyOf } from '../api/Informer';
import { isNotFound } from '../api/KubeClient';
import {
  controllerOf,
  controllerReference,
  Resource,
  ResourceType,
  types,
} from '../api/Resource';
import { ControllerContext } from './ControllerContext';
import { Pod, PodTemplate } from './Workload';

/**
 * The objects a workload controls: those that name it, and matching ones without a controller, which it adopts
 * (restored objects come without owner references).
 */
export async function claimOwned<T extends Resource>(
  context: ControllerContext,
  informer: Informer<T>,
  owner: Resource,
  ownerType: ResourceType,
  selector: V1LabelSelector | undefined,
): Promise<T[]> {
  const owned: T[] = [];
  for (const object of informer.list(owner.metadata.namespace)) {
    const controller = controllerOf(object);
    if (controller) {
      if (controller.uid === owner.metadata.uid) owned.push(object);
      continue;
    }
    if (
      object.metadata.deletionTimestamp ||
      owner.metadata.deletionTimestamp ||
      !matchesSelector(selector, object.metadata.labels)
    ) {
      continue;
    }
    try {
      const adopted = await context.client.patch<T>(
        informer.type,
        object.metadata.namespace,
        object.metadata.name,
        {
          metadata: {
            uid: object.metadata.uid,
            ownerReferences: [
              ...(object.metadata.ownerReferences ?? []),
              controllerReference(owner, ownerType),
            ],
          },
        },
      );
      informer.observe(adopted);
      owned.push(adopted);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return owned;
}

/** Creates a pod from a template and puts it into the informer. */
export async function createPod(
  context: ControllerContext,
  pods: Informer<Pod>,
  owner: Resource,
  ownerType: ResourceType,
  template: PodTemplate,
  extra: {
    name?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    spec?: object;
  } = {},
): Promise<Pod> {
  const { namespace, name } = owner.metadata;
  const pod = await context.client.create<Pod>(types.pods, namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(extra.name ? { name: extra.name } : { generateName: `${name}-` }),
      namespace,
      labels: { ...template.metadata?.labels, ...extra.labels },
      annotations: { ...template.metadata?.annotations, ...extra.annotations },
      finalizers: template.metadata?.finalizers,
      ownerReferences: [controllerReference(owner, ownerType)],
    },
    spec: { ...template.spec, ...extra.spec },
  });
  pods.observe(pod);
  return pod;
}

export async function deletePod(
  context: ControllerContext,
  pod: Pod,
): Promise<void> {
  await context.client.delete(
    types.pods,
    pod.metadata.namespace,
    pod.metadata.name,
    { preconditions: { uid: pod.metadata.uid } },
  );
}

/** Calls back with the key of the controller of every object that changes, and of all candidates for adoption. */
export function onOwnedChange<Owned extends Resource, Owner extends Resource>(
  owned: Informer<Owned>,
  owners: Informer<Owner>,
  kind: string,
  selectorOf: (owner: Owner) => V1LabelSelector | undefined,
  add: (key: string) => void,
): void {
  owned.onChange(object => {
    const controller = controllerOf(object);
    if (controller) {
      if (controller.kind === kind) {
        add(`${object.metadata.namespace}/${controller.name}`);
      }
      return;
    }
    for (const owner of owners.list(object.metadata.namespace)) {
      if (matchesSelector(selectorOf(owner), object.metadata.labels)) {
        add(keyOf(owner));
      }
    }
  });
}

/** Writes a status when it differs from what is there. */
export async function writeStatus<T extends Resource>(
  context: ControllerContext,
  informer: Informer<T>,
  object: T,
  status: object,
): Promise<void> {
  if (sameStatus(object.status, status)) return;
  try {
    informer.observe(
      await context.client.patch<T>(
        informer.type,
        object.metadata.namespace,
        object.metadata.name,
        { metadata: { uid: object.metadata.uid }, status },
        { subresource: 'status' },
      ),
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function sameStatus(present: unknown, next: unknown): boolean {
  if (next === null || next === undefined) {
    return present === undefined || present === null;
  }
  if (Array.isArray(next)) {
    return (
      Array.isArray(present) &&
      present.length === next.length &&
      next.every((each, index) => sameStatus(present[index], each))
    );
  }
  if (typeof next === 'object') {
    return Object.entries(next).every(([key, value]) =>
      sameStatus(
        (present as Record<string, unknown> | undefined)?.[key],
        value,
      ),
    );
  }
  return present === next;
}
