import { pause } from '../pause';
import {
  isGone,
  isNotFound,
  KubeClient,
  KubeError,
  WatchLine,
} from './KubeClient';
import { apiVersionOf, Resource, ResourceType, resourcePath } from './Resource';

const REMEMBERED_DELETIONS = 2_000;
const FIRST_BACKOFF_MS = 200;
const LAST_BACKOFF_MS = 10_000;
const WATCH_SECONDS = 300;

export type ChangeHandler<T> = (
  object: T,
  change: 'set' | 'deleted',
  previous?: T,
) => void;

interface ObjectList<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[] | null;
}

export function keyOf(object: {
  metadata: { namespace?: string; name: string };
}): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace?: string; name: string } {
  const [first, second] = key.split('/');
  return second === undefined
    ? { name: first }
    : { namespace: first, name: second };
}

function versionOf(object: Resource): number {
  return Number(object.metadata.resourceVersion ?? 0);
}

/**
 * A live copy of all objects of one type: list, then watch, again after every interruption.
 *
 * What a controller has just written can be put in with `observe`, so that its next reconcile does not act on the past.
 */
export class Informer<T extends Resource = Resource> {
  private readonly objects = new Map<string, T>();
  private readonly handlers: ChangeHandler<T>[] = [];
  private readonly deletedUids = new Set<string>();
  private version: string | undefined;
  private markSynced: () => void = () => {};
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>;
  isSynced = false;

  constructor(
    private readonly client: KubeClient,
    readonly type: ResourceType,
    private readonly options: {
      /** Asks the server for metadata alone. */
      metadataOnly?: boolean;
      log: (line: string) => void;
    },
  ) {
    this.synced = new Promise(resolve => {
      this.markSynced = resolve;
    });
  }

  onChange(handler: ChangeHandler<T>): void {
    this.handlers.push(handler);
    for (const object of this.objects.values()) handler(object, 'set');
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  list(namespace?: string): T[] {
    const all = [...this.objects.values()];
    return namespace === undefined
      ? all
      : all.filter(object => object.metadata.namespace === namespace);
  }

  /** Takes over an object that a write has returned. */
  observe(object: T): void {
    const uid = object.metadata.uid ?? '';
    if (!this.deletedUids.has(uid)) this.set(object);
  }

  private set(object: T): void {
    const key = keyOf(object);
    const previous = this.objects.get(key);
    if (
      previous &&
      previous.metadata.uid === object.metadata.uid &&
      versionOf(previous) >= versionOf(object)
    ) {
      return;
    }
    this.objects.set(key, object);
    for (const handler of this.handlers) handler(object, 'set', previous);
  }

  private remove(object: T): void {
    this.remember(object.metadata.uid ?? '');
    const key = keyOf(object);
    const previous = this.objects.get(key);
    if (previous && previous.metadata.uid === object.metadata.uid) {
      this.objects.delete(key);
    }
    for (const handler of this.handlers) handler(object, 'deleted', previous);
  }

  private remember(uid: string): void {
    this.deletedUids.add(uid);
    if (this.deletedUids.size > REMEMBERED_DELETIONS) {
      const [oldest] = this.deletedUids;
      this.deletedUids.delete(oldest);
    }
  }

  private accept(list: boolean): string | undefined {
    if (!this.options.metadataOnly) return undefined;
    const kind = list ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
    return `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
  }

  private async relist(signal: AbortSignal): Promise<string> {
    const found = new Map<string, T>();
    let version = '';
    let next: string | undefined;
    do {
      const page: ObjectList<T> = await this.client.request(
        'GET',
        resourcePath(this.type),
        {
          query: { limit: '500', continue: next },
          accept: this.accept(true),
          signal,
        },
      );
      for (const item of page.items ?? []) {
        const object = {
          ...item,
          apiVersion: item.apiVersion ?? apiVersionOf(this.type),
          kind: item.kind ?? this.type.kind,
        };
        found.set(keyOf(object), object);
      }
      version = page.metadata.resourceVersion;
      next = page.metadata.continue || undefined;
    } while (next);
    for (const [key, object] of [...this.objects]) {
      const present = found.get(key);
      const written = versionOf(object) > Number(version);
      if (
        !written &&
        (!present || present.metadata.uid !== object.metadata.uid)
      ) {
        this.remove(object);
      }
    }
    for (const object of found.values()) this.set(object);
    return version;
  }

  /** Lists and watches until the signal aborts. Ends early, without an error, when the type itself is gone. */
  async run(signal: AbortSignal): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      try {
        if (this.version === undefined) {
          this.version = await this.relist(signal);
          this.isSynced = true;
          this.markSynced();
        }
        await this.client.watch(
          resourcePath(this.type),
          {
            resourceVersion: this.version,
            allowWatchBookmarks: 'true',
            timeoutSeconds: String(WATCH_SECONDS),
          },
          this.accept(false),
          line => this.take(line),
          signal,
        );
        backoff = FIRST_BACKOFF_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.version = undefined;
        if (isNotFound(error)) {
          for (const object of [...this.objects.values()]) this.remove(object);
          this.markSynced();
          return;
        }
        if (!isGone(error)) {
          this.options.log(
            `watch of ${this.type.resource}: ${(error as Error).message}`,
          );
        }
        await pause(backoff, signal);
        backoff = Math.min(backoff * 2, LAST_BACKOFF_MS);
      }
    }
  }

  private take(line: WatchLine): void {
    if (line.type === 'ERROR') {
      const { code = 500, reason = '', message = 'watch error' } = line.object;
      throw new KubeError(message, code, reason);
    }
    if (line.type !== 'BOOKMARK') {
      const object = line.object as unknown as T;
      if (line.type === 'DELETED') this.remove(object);
      else this.set(object);
    }
    this.version = line.object.metadata.resourceVersion ?? this.version;
  }
}
