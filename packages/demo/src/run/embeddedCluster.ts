import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from './ManagedProcess';

const START_TIMEOUT_MS = 30_000;

export interface EmbeddedClusterOptions {
  program: string;
  kubeconfig: string;
  runtimesFile: string;
  volumes: string;
  logFile: string;
}

/**
 * Starts the embedded cluster and waits until it answers.
 *
 * @throws with the end of its log when it does not start.
 */
export async function startEmbeddedCluster(
  options: EmbeddedClusterOptions,
): Promise<ManagedProcess> {
  let ready: () => void = () => {};
  const started = new Promise<void>(resolve => {
    ready = resolve;
  });
  const cluster = new ManagedProcess({
    name: 'the embedded cluster',
    args: [
      options.program,
      '--kubeconfig',
      options.kubeconfig,
      '--runtimes',
      options.runtimesFile,
      '--volumes',
      options.volumes,
    ],
    cwd: process.cwd(),
    env: process.env,
    logFile: options.logFile,
    onLine: line => {
      if (line.startsWith('{"server"')) ready();
    },
  });
  const late = new AbortController();
  try {
    await Promise.race([
      started,
      cluster.failure(),
      sleep(START_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(
          `the embedded cluster did not start within ${
            START_TIMEOUT_MS / 1000
          } s: see ${options.logFile}`,
        );
      }),
    ]);
  } catch (error) {
    await cluster.stop();
    throw error;
  } finally {
    late.abort();
  }
  return cluster;
}
