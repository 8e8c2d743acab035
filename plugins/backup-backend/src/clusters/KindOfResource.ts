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

  get(name: string): Promise<T | undefined> {
    return this.client.get<T>(this.type, { namespace: this.namespace, name });
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
    return items;
  }
}
