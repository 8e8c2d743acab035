import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { initSql } from '../application/initSql';
import { OrdersDatabase } from './OrdersDatabase';
import { postgresPrograms } from './postgresPrograms';
import { PostgresServer } from './PostgresServer';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-postgres-'));
chmodSync(folder, 0o755);
let server: PostgresServer;
let port: number;
const lines: string[] = [];

function unusedPort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const found = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(found));
    });
  });
}

async function start(): Promise<PostgresServer> {
  const started = new PostgresServer({
    programs: await postgresPrograms(join(folder, 'programs'), __filename),
    data: join(folder, 'pgdata'),
    port,
    user: 'orders',
    password: 'secret',
    database: 'orders',
    initDirectory: folder,
    log: line => lines.push(line),
  });
  await started.start();
  return started;
}

function database(password = 'secret'): OrdersDatabase {
  const services = join(folder, 'services.json');
  writeFileSync(
    services,
    JSON.stringify({ db: { host: '127.0.0.1', ports: { 5432: port } } }),
  );
  return new OrdersDatabase({
    PGHOST: 'db',
    PGPORT: '5432',
    PGDATABASE: 'orders',
    PGUSER: 'orders',
    PGPASSWORD: password,
    LIFEBOAT_SERVICES_FILE: services,
  });
}

beforeAll(async () => {
  writeFileSync(join(folder, '10-orders.sql'), initSql);
  port = await unusedPort();
  server = await start();
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the real database', () => {
  it('is set up once, keeps its rows over a restart, and reports what is wrong', async () => {
    const view = await database().read(20);
    expect(view).toMatchObject({ state: 'rows' });
    expect(view.state === 'rows' && view.orders).toHaveLength(5);

    expect(await database().place('Ada', 'Cog', 100)).toBe(6);
    expect(await database('wrong').read(20)).toMatchObject({
      state: 'unreachable',
      reason: expect.stringContaining('password authentication failed'),
    });

    await server.stop();
    expect(await database().read(20)).toMatchObject({ state: 'unreachable' });
    server = await start();
    const again = await database().read(20);
    expect(again.state === 'rows' && again.orders).toHaveLength(6);
    const inspection = await database().inspect();
    expect(inspection.orders).toHaveLength(6);
    expect(inspection).toMatchObject({
      dataChecksums: true,
      checksumFailures: 0,
    });
    expect(inspection.tablesRead).toBeGreaterThan(50);
    expect(
      lines.filter(line => line === 'setting up a new database'),
    ).toHaveLength(1);
  });
});
