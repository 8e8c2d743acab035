import type {
  ApiObject,
  ClusterClient,
  ResourceTypeRef,
} from '@lifeboat/engine';
import { SharedRead } from './SharedRead';

const listLifetimeMs = 500;

/** All resources of one kind in the control namespace. */
export class KindOfResource<T extends ApiObject> {
  readonly #all: SharedRead<T[]>;
  #listed: T[] = [];

  constructor(
    private readonly client: ClusterClient,
    private readonly namespace: string,
    private readonly type: ResourceTypeRef,
  ) {
    this.#all = new SharedRead(() => this.#read(), listLifetimeMs);
  }

  list(): Promise<T[]> {
    return this.#all.get();
  }

  async get(name: string): Promise<T | undefined> {
    const object = await this.client.get<T>(this.type, {
      namespace: this.namespace,
      name,
    });
    const listed = this.#listed.find(item => item.metadata.name === name);
    if (object?.metadata.resourceVersion !== listed?.metadata.resourceVersion) {
      // Whoever has seen the newer one here must not find the older one in a list.
      this.#all.forget();
    }
    return object;
  }

  async create(object: T): Promise<T> {
    try {
      return await this.client.create<T>(this.type, object);
    } finally {
      this.#all.forget();
    }
  }

  async merge(name: string, body: unknown): Promise<T> {
    try {
      return await this.client.patch<T>(
        this.type,
        { namespace: this.namespace, name },
        { contentType: 'merge', body },
      );
    } finally {
      this.#all.forget();
    }
  }

  async delete(name: string, uid: string): Promise<void> {
    try {
      await this.client.delete(
        this.type,
        { namespace: this.namespace, name },
        { preconditions: { uid } },
      );
    } finally {
      this.#all.forget();
    }
  }

  async #read(): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this.client.list<T>(this.type, {
      namespace: this.namespace,
    })) {
      items.push(item);
    }
    this.#listed = items;
    return items;
  }
}
