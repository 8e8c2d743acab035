import { Informer } from './Informer';
import { KubeClient } from './KubeClient';
import { Resource, ResourceType } from './Resource';

/** One shared informer per type. */
export class InformerSet {
  private readonly informers = new Map<string, Informer>();

  constructor(
    private readonly client: KubeClient,
    private readonly signal: AbortSignal,
    private readonly log: (line: string) => void,
  ) {}

  of<T extends Resource>(type: ResourceType): Informer<T> {
    const key = `${type.resource}.${type.group}`;
    let informer = this.informers.get(key);
    if (!informer) {
      informer = new Informer(this.client, type, { log: this.log });
      this.informers.set(key, informer);
      void informer.run(this.signal);
    }
    return informer as unknown as Informer<T>;
  }

  /** Resolves when every informer asked for so far has its first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.informers.values()].map(each => each.synced));
  }
}
