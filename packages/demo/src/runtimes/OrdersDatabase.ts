import { Client } from 'pg';
import { serviceAddress } from './serviceAddress';

const TIMEOUT_MS = 4_000;

export interface Order {
  id: number;
  customer: string;
  item: string;
  cents: number;
  placedAt: Date;
}

/** What the page shows of the database. */
export type OrdersView =
  | { state: 'rows'; orders: Order[]; createdAt?: Date }
  | { state: 'empty'; createdAt?: Date }
  | { state: 'unreachable'; reason: string };

/** Reads and writes orders; one connection per call, so that a moved database is found again. */
export class OrdersDatabase {
  constructor(private readonly env: NodeJS.ProcessEnv) {}

  private async connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { env } = this;
    const address = serviceAddress(
      env.PGHOST ?? 'db',
      Number(env.PGPORT ?? 5432),
      env.LIFEBOAT_SERVICES_FILE,
    );
    const client = new Client({
      ...address,
      database: env.PGDATABASE,
      user: env.PGUSER,
      password: env.PGPASSWORD,
      connectionTimeoutMillis: TIMEOUT_MS,
      statement_timeout: TIMEOUT_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async read(limit: number): Promise<OrdersView> {
    try {
      return await this.connected(async client => {
        const created = await client
          .query<{ created_at: Date }>(
            'SELECT created_at FROM installation LIMIT 1',
          )
          .catch(() => undefined);
        const createdAt = created?.rows[0]?.created_at;
        const found = await client.query<{
          id: number;
          customer: string;
          item: string;
          cents: string;
          placed_at: Date;
        }>(
          'SELECT id, customer, item, cents, placed_at FROM orders ORDER BY id DESC LIMIT $1',
          [limit],
        );
        if (found.rows.length === 0) return { state: 'empty', createdAt };
        return {
          state: 'rows',
          createdAt,
          orders: found.rows.map(row => ({
            id: row.id,
            customer: row.customer,
            item: row.item,
            cents: Number(row.cents),
            placedAt: row.placed_at,
          })),
        };
      });
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === '42P01') return { state: 'empty' };
      return { state: 'unreachable', reason: message || String(code) };
    }
  }

  /** @throws when the database cannot be reached or refuses. */
  async place(customer: string, item: string, cents: number): Promise<number> {
    return this.connected(async client => {
      const placed = await client.query<{ id: number }>(
        'INSERT INTO orders (customer, item, cents) VALUES ($1, $2, $3) RETURNING id',
        [customer, item, cents],
      );
      return placed.rows[0].id;
    });
  }
}
