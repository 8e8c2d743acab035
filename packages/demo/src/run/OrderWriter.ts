import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterApi } from '../cluster/ClusterApi';

const PAUSE_MS = 20;

/** An order whose commit the application has confirmed. */
export interface ConfirmedOrder {
  id: number;
  customer: string;
  item: string;
  cents: number;
}

/**
 * Keeps placing orders in the running application, one after the other, and remembers those that were confirmed: each of
 * them is committed, whatever happens next.
 */
export class OrderWriter {
  readonly confirmed: ConfirmedOrder[] = [];
  private readonly stopping = new AbortController();
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly cluster: ClusterApi,
    private readonly namespace: string,
  ) {}

  /** @param signal - ends the writer too */
  start(signal: AbortSignal): this {
    this.work = this.run(AbortSignal.any([signal, this.stopping.signal]));
    return this;
  }

  /** Resolves when the last order has been answered. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.work;
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let number = 1; !signal.aborted; number++) {
      const order = {
        customer: `Customer ${number}`,
        item: `Written while the backup ran, no. ${number}`,
        cents: 100 + (number % 900),
      };
      try {
        const { id } = await this.cluster.request<{ id: number }>(
          'POST',
          `/api/v1/namespaces/${this.namespace}/services/web:http/proxy/orders`,
          order,
        );
        this.confirmed.push({ id, ...order });
      } catch {
        // Not confirmed: it may be there or not, and nobody counts on it. A frozen application refuses for a moment.
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
