import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { freePorts } from './freePorts';
import type { RunningCluster } from './RunningCluster';
import { startDevCluster } from './startDevCluster';

/** An embedded cluster whose API server can hang, or die and come back with everything it knew. */
export interface RestartableCluster extends RunningCluster {
  /** It accepts connections and answers nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Kills it in the middle of whatever it does, with its node. */
  kill(): Promise<void>;
  /** Starts it after `kill`: same address, same objects, another certificate and other tokens in the same kubeconfig. */
  restart(): Promise<void>;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

/** Starts the embedded cluster with its state on disk. */
export async function startRestartableCluster(
  runtimes: string,
): Promise<RestartableCluster> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-restartable-'));
  const [port] = await freePorts(1);
  const start = () =>
    startDevCluster({
      runtimes,
      port,
      folder,
      state: path.join(folder, 'state'),
    });
  let running = await start();
  const signal = (name: NodeJS.Signals) => process.kill(running.pid, name);
  return {
    kubeconfig: running.kubeconfig,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    kill: async () => {
      const programs = childrenOf(running.pid);
      signal('SIGKILL');
      // A node that dies takes its containers along.
      for (const pid of programs) process.kill(pid, 'SIGKILL');
      await eventually('the API server is gone', () => {
        try {
          return !process.kill(running.pid, 0);
        } catch {
          return true;
        }
      });
    },
    restart: async () => {
      running = await start();
    },
    stop: async () => {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
