import type { ClusterClient, ObjectRef, WatchEvent } from './ClusterClient';
import type { ApiObject, KubernetesObject } from './KubernetesObject';
import type { ReadonlyCache } from './ReadonlyCache';
import type { ResourceTypeRef } from './ResourceType';

/**
 * Watches one resource type in one namespace and keeps what it sees.
 * @public
 */
export class ResourceCache<T extends ApiObject = KubernetesObject>
  implements ReadonlyCache<T>
{
  private readonly objects = new Map<string, T>();
  private readonly listeners = new Set<(event: WatchEvent<T>) => void>();
  private markSynced: () => void = () => undefined;
  private readonly firstList = new Promise<void>(resolve => {
    this.markSynced = resolve;
  });

  get(ref: ObjectRef): T | undefined {
    return this.objects.get(keyOf(ref));
  }

  list(filter?: (object: T) => boolean): T[] {
    const all = [...this.objects.values()];
    return filter ? all.filter(filter) : all;
  }

  async synced(signal?: AbortSignal): Promise<void> {
    if (!signal) {
      await this.firstList;
      return;
    }
    signal.throwIfAborted();
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      await Promise.race([this.firstList, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Tells of every change, after the cache has it. */
  subscribe(listener: (event: WatchEvent<T>) => void): void {
    this.listeners.add(listener);
  }

  /** Runs until the signal is aborted. */
  async run(
    client: ClusterClient,
    type: ResourceTypeRef,
    options: {
      namespace: string;
      signal: AbortSignal;
      onError?(error: unknown): void;
    },
  ): Promise<void> {
    for await (const event of client.watch<T>(type, options)) {
      if (event.type === 'synced') this.markSynced();
      else if (event.type === 'deleted') {
        this.objects.delete(keyOf(refOf(event.object)));
      } else this.objects.set(keyOf(refOf(event.object)), event.object);
      for (const listener of this.listeners) listener(event);
    }
  }
}

function refOf(object: ApiObject): ObjectRef {
  return {
    ...(object.metadata.namespace
      ? { namespace: object.metadata.namespace }
      : {}),
    name: object.metadata.name ?? '',
  };
}

function keyOf(ref: ObjectRef): string {
  return `${ref.namespace ?? ''}/${ref.name}`;
}
