import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { postgresPrograms } from './postgresPrograms';
import { PostgresServer } from './PostgresServer';

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const root = env.LIFEBOAT_POD_ROOT ?? '/';
  // The embedded cluster gives paths below a mount as the real ones.
  const data = env.PGDATA ?? join(root, 'var/lib/postgresql/data/pgdata');
  mkdirSync(dirname(data), { recursive: true });
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const server = new PostgresServer({
    programs: await postgresPrograms(
      env.LIFEBOAT_POSTGRES_CACHE ?? join(tmpdir(), 'lifeboat-postgres'),
    ),
    data,
    port: Number(env.PORT_5432 ?? 5432),
    user: env.POSTGRES_USER ?? 'postgres',
    password: env.POSTGRES_PASSWORD ?? '',
    database: env.POSTGRES_DB ?? 'postgres',
    initDirectory: join(root, 'docker-entrypoint-initdb.d'),
    log,
  });
  process.on('SIGTERM', () => {
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  await server.start();
  log('database is ready');
  process.exit(await server.exited);
}

main(process.env).catch(error => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
