import { KubeObject } from '../KubeObject';
import { expired } from '../StatusError';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One change of one object. `object` of a deletion is the last state with the deletion's version. */
export interface Change {
  revision: number;
  type: ChangeType;
  object: KubeObject;
  previous?: KubeObject;
}

/** Told of every change before anybody else, so that it can be kept. */
export type ChangeListener = (collection: string, change: Change) => void;

interface Collection {
  objects: Map<string, KubeObject>;
  changes: Change[];
  /** Everything after this revision is still in `changes`. */
  oldestKnown: number;
  watchers: Set<(change: Change) => void>;
}

export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

function keyOf(object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/**
 * All objects, with one revision counter as etcd has it, and a bounded window of past changes per collection, from which
 * watches resume and paged lists stay consistent. What lies before the window is answered with 410 Expired.
 */
export class ObjectStorage {
  private readonly collections = new Map<string, Collection>();
  private currentRevision = 1;
  private firstRevision = 1;

  constructor(
    private readonly options: { windowSize: number; onChange?: ChangeListener },
  ) {}

  get revision(): number {
    return this.currentRevision;
  }

  /** Fills an empty storage with what was kept; history starts here. */
  load(revision: number, objects: Iterable<[string, KubeObject]>) {
    this.currentRevision = revision;
    this.firstRevision = revision;
    for (const [collection, object] of objects) {
      this.collection(collection).objects.set(keyOf(object), object);
    }
    for (const collection of this.collections.values()) {
      collection.oldestKnown = revision;
    }
  }

  /** Forgets the history so far: watches from before now are answered with 410. */
  compact() {
    this.firstRevision = this.currentRevision;
    for (const collection of this.collections.values()) {
      collection.changes = [];
      collection.oldestKnown = this.currentRevision;
    }
  }

  get(
    collection: string,
    namespace: string | undefined,
    name: string,
  ): KubeObject | undefined {
    return this.collections
      .get(collection)
      ?.objects.get(objectKey(namespace, name));
  }

  /** The objects of a collection in etcd's order (by namespace and name), as they were at a revision. */
  list(collection: string, atRevision?: number): KubeObject[] {
    const found = this.collections.get(collection);
    const objects = new Map(found?.objects);
    if (atRevision !== undefined && atRevision < this.currentRevision) {
      const oldest = found?.oldestKnown ?? this.firstRevision;
      if (atRevision < oldest) {
        throw expired(
          'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        );
      }
      for (const change of (found?.changes ?? []).slice().reverse()) {
        if (change.revision <= atRevision) break;
        const key = keyOf(change.object);
        if (change.previous) objects.set(key, change.previous);
        else objects.delete(key);
      }
    }
    return [...objects.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Is anything stored in the collection that satisfies the condition? */
  some(collection: string, condition: (object: KubeObject) => boolean) {
    for (const object of this.collections.get(collection)?.objects.values() ??
      []) {
      if (condition(object)) return true;
    }
    return false;
  }

  collectionNames(): string[] {
    return [...this.collections.keys()];
  }

  /** Stores a new object or a new state of one; returns it with its resourceVersion. */
  put(collection: string, object: KubeObject): KubeObject {
    const target = this.collection(collection);
    const key = keyOf(object);
    const previous = target.objects.get(key);
    const revision = this.currentRevision + 1;
    const stored: KubeObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    };
    this.record(collection, target, {
      revision,
      type: previous ? 'MODIFIED' : 'ADDED',
      object: stored,
      previous,
    });
    return stored;
  }

  /** Removes an object; returns its last state. */
  remove(collection: string, object: KubeObject): KubeObject {
    const target = this.collection(collection);
    const previous = target.objects.get(keyOf(object)) ?? object;
    const revision = this.currentRevision + 1;
    const last: KubeObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    };
    this.record(collection, target, {
      revision,
      type: 'DELETED',
      object: last,
      previous,
    });
    return last;
  }

  /**
   * Past changes after a revision, then every new one, until the returned function is called.
   * Throws 410 Expired when the window no longer reaches back to the revision.
   */
  watch(
    collection: string,
    afterRevision: number,
    onChange: (change: Change) => void,
  ): () => void {
    const target = this.collection(collection);
    if (afterRevision < target.oldestKnown) {
      throw expired(
        `too old resource version: ${afterRevision} (${target.oldestKnown})`,
      );
    }
    for (const change of target.changes) {
      if (change.revision > afterRevision) onChange(change);
    }
    target.watchers.add(onChange);
    return () => target.watchers.delete(onChange);
  }

  private collection(name: string): Collection {
    let found = this.collections.get(name);
    if (!found) {
      found = {
        objects: new Map(),
        changes: [],
        oldestKnown: this.firstRevision,
        watchers: new Set(),
      };
      this.collections.set(name, found);
    }
    return found;
  }

  private record(name: string, collection: Collection, change: Change) {
    this.options.onChange?.(name, change);
    this.currentRevision = change.revision;
    const key = keyOf(change.object);
    if (change.type === 'DELETED') collection.objects.delete(key);
    else collection.objects.set(key, change.object);
    collection.changes.push(change);
    if (collection.changes.length > this.options.windowSize * 2) {
      const dropped = collection.changes.splice(
        0,
        collection.changes.length - this.options.windowSize,
      );
      collection.oldestKnown = dropped[dropped.length - 1].revision;
    }
    for (const watcher of [...collection.watchers]) watcher(change);
  }
}
