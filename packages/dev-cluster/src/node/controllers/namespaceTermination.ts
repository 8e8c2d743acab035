import { DiscoveredType, discoverTypes } from '../api/Discovery';
import { isNotFound, KubeError } from '../api/KubeClient';
import { Resource, resourcePath, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';

const RETRY_MS = 500;

type Namespace = Resource<{ finalizers?: string[] }, { phase?: string }>;

interface Remaining {
  type: string;
  count: number;
}

/** Empties namespaces that are being deleted and then lets them go. */
export function namespaceTermination(context: ControllerContext): Controller {
  const { client, signal } = context;
  const namespaces = context.informers.of<Namespace>(types.namespaces);

  async function empty(
    namespace: string,
    type: DiscoveredType,
  ): Promise<Remaining> {
    const name = type.group ? `${type.resource}.${type.group}` : type.resource;
    const path = resourcePath(type, namespace);
    try {
      if (type.verbs.includes('deletecollection')) {
        await client.request('DELETE', path, { signal });
      }
      const list = await client.request<{ items: Resource[] | null }>(
        'GET',
        path,
        { signal },
      );
      const items = list.items ?? [];
      if (!type.verbs.includes('deletecollection')) {
        for (const item of items) {
          await client.delete(type, namespace, item.metadata.name);
        }
      }
      return { type: name, count: items.length };
    } catch (error) {
      if (isGoneType(error)) return { type: name, count: 0 };
      throw error;
    }
  }

  const queue = queueFor(context, 'namespace termination', async key => {
    const namespace = namespaces.get(key);
    if (!namespace?.metadata.deletionTimestamp) return undefined;
    if (!namespace.spec?.finalizers?.includes('kubernetes')) return undefined;
    const { types: all, failed } = await discoverTypes(client, signal);
    const deletable = all.filter(
      type =>
        type.namespaced &&
        type.verbs.includes('delete') &&
        type.verbs.includes('list'),
    );
    const pods = deletable.filter(type => type.resource === 'pods');
    const others = deletable.filter(type => type.resource !== 'pods');
    const remaining: Remaining[] = [];
    for (const type of [...pods, ...others]) {
      remaining.push(await empty(key, type));
    }
    if (failed.length > 0 || remaining.some(each => each.count > 0)) {
      return { requeueAfterMs: RETRY_MS };
    }
    await finalize(context, namespace);
    return undefined;
  });

  namespaces.onChange((object, change) => {
    if (change === 'set' && object.metadata.deletionTimestamp) {
      queue.add(object.metadata.name);
    }
  });
  return queue;
}

function isGoneType(error: unknown): boolean {
  return (
    isNotFound(error) || (error instanceof KubeError && error.code === 405)
  );
}

async function finalize(
  { client }: ControllerContext,
  namespace: Namespace,
): Promise<void> {
  try {
    await client.request(
      'PUT',
      resourcePath(
        types.namespaces,
        undefined,
        namespace.metadata.name,
        'finalize',
      ),
      {
        body: {
          ...namespace,
          spec: {
            ...namespace.spec,
            finalizers: (namespace.spec?.finalizers ?? []).filter(
              each => each !== 'kubernetes',
            ),
          },
        },
      },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
