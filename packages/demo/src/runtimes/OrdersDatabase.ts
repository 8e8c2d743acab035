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
  | { state: 'rows'; orders: Order[] }
  | { state: 'empty' }
  | { state: 'unreachable'; reason: string };

/** Everything that the database holds, after every page of every table was read. */
export interface DatabaseInspection {
  orders: Order[];
  /** Whether pages carry checksums; a page that does not fit its own ends the inspection with an error. */
  dataChecksums: boolean;
  checksumFailures: number;
  /** Tables that were read from beginning to end, system tables among them. */
  tablesRead: number;
  pages: number;
}

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
        if (found.rows.length === 0) return { state: 'empty' };
        return {
          state: 'rows',
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

  /**
   * Reads every table from beginning to end, so that PostgreSQL checks each page, and gives all orders.
   *
   * @throws when the database cannot be reached or a page is damaged.
   */
  async inspect(): Promise<DatabaseInspection> {
    return this.connected(async client => {
      // A scan by an index would pass pages over.
      await client.query(
        "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SET statement_timeout = '60s'",
      );
      const tables = await client.query<{ name: string; pages: string }>(
        `SELECT oid::regclass::text AS name,
                pg_relation_size(oid) / current_setting('block_size')::int AS pages
           FROM pg_class
          WHERE relkind IN ('r', 't', 'm') AND relpersistence = 'p'
            AND has_table_privilege(oid, 'SELECT')`,
      );
      for (const { name } of tables.rows) {
        await client.query(`SELECT count(*) FROM ${name}`);
      }
      const { rows } = await client.query<{
        id: number;
        customer: string;
        item: string;
        cents: string;
        placed_at: Date;
      }>('SELECT id, customer, item, cents, placed_at FROM orders ORDER BY id');
      const health = await client.query<{
        checksums: string;
        failures: string | null;
      }>(
        `SELECT current_setting('data_checksums') AS checksums, checksum_failures AS failures
           FROM pg_stat_database WHERE datname = current_database()`,
      );
      return {
        orders: rows.map(row => ({
          id: row.id,
          customer: row.customer,
          item: row.item,
          cents: Number(row.cents),
          placedAt: row.placed_at,
        })),
        dataChecksums: health.rows[0]?.checksums === 'on',
        checksumFailures: Number(health.rows[0]?.failures ?? 0),
        tablesRead: tables.rows.length,
        pages: tables.rows.reduce((sum, { pages }) => sum + Number(pages), 0),
      };
    });
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
