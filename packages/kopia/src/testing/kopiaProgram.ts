import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kopiaProgram } from './fixtures';
import { temporaryFolder } from './temporaryFolder';

/** Runs the real program against one repository. */
export interface KopiaClient {
  /** Standard output; throws with both outputs when the program fails. */
  run(...args: string[]): string;
  json<T>(...args: string[]): T;
  /** Like `run`, while this process goes on. */
  start(...args: string[]): Promise<string>;
}

/** Connects the real program to a repository with a home folder and caches of its own. */
export function connectKopia(
  connect: readonly string[],
  password: string,
  user: { username: string; hostname: string } = {
    username: 'kopia',
    hostname: 'real',
  },
): KopiaClient {
  const home = temporaryFolder();
  mkdirSync(join(home, 'cache'));
  const env = {
    ...process.env,
    KOPIA_PASSWORD: password,
    KOPIA_CHECK_FOR_UPDATES: 'false',
    // Lets tests upgrade repositories, which is experimental there.
    KOPIA_UPGRADE_LOCK_ENABLED: '1',
    KOPIA_CACHE_DIRECTORY: join(home, 'cache'),
    HOME: home,
  };
  const common = [
    `--config-file=${join(home, 'repo.config')}`,
    `--log-dir=${join(home, 'logs')}`,
    '--no-progress',
    '--no-auto-maintenance',
    '--no-persist-credentials',
  ];
  const run = (...args: string[]) => {
    try {
      return execFileSync(kopiaProgram!, [...args, ...common], {
        env,
        encoding: 'utf8',
        stdio: 'pipe',
        maxBuffer: 1 << 28,
      });
    } catch (error) {
      const { stderr, stdout } = error as { stderr?: string; stdout?: string };
      throw new Error(`kopia ${args.join(' ')} failed:\n${stderr}\n${stdout}`);
    }
  };
  run(
    'repository',
    ...connect,
    '--max-list-cache-duration=0s',
    `--override-hostname=${user.hostname}`,
    `--override-username=${user.username}`,
  );
  return {
    run,
    start: async (...args) => {
      const { stdout } = await promisify(execFile)(
        kopiaProgram!,
        [...args, ...common],
        { env, maxBuffer: 1 << 28 },
      );
      return stdout;
    },
    json: <T>(...args: string[]) => JSON.parse(run(...args, '--json')) as T,
  };
}
