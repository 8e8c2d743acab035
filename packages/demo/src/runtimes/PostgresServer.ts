import { ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { unprivilegedUser } from './unprivilegedUser';

const START_TIMEOUT_MS = 60_000;

export interface PostgresOptions {
  /** Folder with `bin` and `lib`. */
  programs: string;
  /** Data folder; its parent must exist. */
  data: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Folder with `.sql` files that run once, in the order of their names. */
  initDirectory?: string;
  log(line: string): void;
}

/** A real PostgreSQL on 127.0.0.1: set up on first start, ended gracefully. */
export class PostgresServer {
  private child?: ChildProcess;
  private readonly owner = unprivilegedUser();

  constructor(private readonly options: PostgresOptions) {}

  /** Resolves with the exit code when the server ends. */
  get exited(): Promise<number> {
    return new Promise(resolve => {
      this.child?.once('exit', code => resolve(code ?? 1));
    });
  }

  /** @throws when the server does not accept connections within a minute. */
  async start(): Promise<void> {
    if (!existsSync(join(this.options.data, 'PG_VERSION'))) {
      await this.initialise();
    } else {
      await removeForeignLock(this.options.data);
      this.give(this.options.data);
    }
    await this.run(this.options.data, this.options.port);
  }

  /** Ends open connections and the server. */
  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => {
      child.once('exit', resolve);
    });
    child.kill('SIGINT');
    await ended;
  }

  private async initialise(): Promise<void> {
    const { data, user, password, database, log } = this.options;
    const fresh = `${data}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    const secrets = await mkdtemp(join(tmpdir(), 'lifeboat-initdb-'));
    const passwordFile = join(secrets, 'password');
    try {
      await writeFile(passwordFile, password, { mode: 0o600 });
      if (this.owner) {
        const { uid, gid } = this.owner;
        for (const path of [fresh, secrets, passwordFile]) {
          await chown(path, uid, gid);
        }
      }
      log('setting up a new database');
      await this.command('initdb', [
        '-D',
        fresh,
        '-U',
        user,
        '-A',
        'scram-sha-256',
        '--pwfile',
        passwordFile,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ]);
    } finally {
      await rm(secrets, { recursive: true, force: true });
    }
    // Not the real port: nobody may take a half-finished database for ready.
    const port = await unusedPort();
    await this.run(fresh, port);
    await this.query(port, 'postgres', [
      `CREATE DATABASE "${database.replace(/"/g, '""')}"`,
    ]);
    await this.query(port, database, this.initScripts());
    await this.stop();
    await rename(fresh, data);
  }

  private initScripts(): string[] {
    const { initDirectory, log } = this.options;
    if (!initDirectory || !existsSync(initDirectory)) return [];
    return readdirSync(initDirectory)
      .filter(name => name.endsWith('.sql'))
      .sort()
      .map(name => {
        log(`running ${name}`);
        return readFileSync(join(initDirectory, name), 'utf8');
      });
  }

  private async query(
    port: number,
    database: string,
    scripts: string[],
  ): Promise<void> {
    const client = this.client(port, database);
    await client.connect();
    try {
      for (const script of scripts) await client.query(script);
    } finally {
      await client.end();
    }
  }

  private client(port: number, database: string): Client {
    const { user, password } = this.options;
    return new Client({
      host: '127.0.0.1',
      port,
      user,
      password,
      database,
      connectionTimeoutMillis: 5_000,
    });
  }

  private give(path: string): void {
    if (!this.owner) return;
    const { uid, gid } = this.owner;
    chownSync(path, uid, gid);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) this.give(join(path, entry.name));
      else chownSync(join(path, entry.name), uid, gid);
    }
  }

  private environment(): NodeJS.ProcessEnv {
    const libraries = join(this.options.programs, 'lib');
    return {
      PATH: process.env.PATH,
      LANG: 'C',
      LC_ALL: 'C',
      ...(process.platform === 'darwin'
        ? { DYLD_LIBRARY_PATH: libraries }
        : { LD_LIBRARY_PATH: libraries }),
    };
  }

  private launch(program: string, args: string[], cwd: string): ChildProcess {
    const child = spawn(join(this.options.programs, 'bin', program), args, {
      cwd,
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(this.owner ?? {}),
    });
    const forward = (chunk: string) => {
      for (const line of chunk.split('\n')) {
        if (line.trim()) this.options.log(line.trimEnd());
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', forward);
    }
    return child;
  }

  private async command(program: string, args: string[]): Promise<void> {
    const child = this.launch(program, args, dirname(this.options.data));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', status => resolve(status ?? 1));
    });
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  }

  private async run(data: string, port: number): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      shared_buffers: '16MB',
      max_connections: '30',
      dynamic_shared_memory_type: 'mmap',
      log_min_messages: 'warning',
    };
    this.child = this.launch(
      'postgres',
      [
        '-D',
        data,
        ...Object.entries(settings).flatMap(([key, value]) => [
          '-c',
          `${key}=${value}`,
        ]),
      ],
      data,
    );
    let failure: Error | undefined;
    this.child.once('error', error => {
      failure = error;
    });
    this.child.once('exit', code => {
      failure ??= new Error(`postgres ended with ${code}`);
    });
    const end = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (failure) throw failure;
      const client = this.client(port, 'postgres');
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        await client.end().catch(() => {});
        if (Date.now() > end) throw error;
      }
      await sleep(100);
    }
  }
}

/**
 * A snapshot holds the lock file of the server that it was taken from. In a container of its own that server's process number
 * means nothing; here it is the number of the original, which still runs, elsewhere.
 */
async function removeForeignLock(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const lockedFolder = readFileSync(file, 'utf8').split('\n')[1];
  if (lockedFolder !== data) await rm(file);
}

function unusedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' ? address?.port ?? 0 : 0),
      );
    });
  });
}
