import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, startProcess } from './childProcess';
import { firstLine } from './firstLine';
import type { RunningCluster } from './RunningCluster';

const bundle = path.join(root, 'packages/dev-cluster/assets/dev-cluster.cjs');

/** Starts the embedded cluster as a process of its own. */
export async function startDevCluster(
  options: {
    /** Without workloads, pods and volumes: the API alone. */
    withoutNode?: boolean;
    runtimes?: string;
    /** The port to listen on; any free one by default. */
    port?: number;
    /** Keeps its state in this folder. */
    state?: string;
    /** For its kubeconfig and volumes, kept at its end; by default a new one, which goes with it. */
    folder?: string;
  } = {},
): Promise<RunningCluster & { server: string; pid: number }> {
  const folder =
    options.folder ?? mkdtempSync(path.join(os.tmpdir(), 'lifeboat-cluster-'));
  // Programs that are not root must get through to their volumes.
  chmodSync(folder, 0o711);
  const kubeconfigFile = path.join(folder, 'kubeconfig');
  const running = startProcess(process.execPath, [
    bundle,
    '--port',
    String(options.port ?? 0),
    '--kubeconfig',
    kubeconfigFile,
    '--volumes',
    path.join(folder, 'volumes'),
    ...(options.state ? ['--state', options.state] : []),
    ...(options.runtimes ? ['--runtimes', options.runtimes] : []),
    ...(options.withoutNode ? ['--no-node'] : []),
  ]);
  const stop = async () => {
    await running.stop();
    if (!options.folder) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const line = await firstLine(running, 30_000);
    const { server, kubeconfig } = JSON.parse(line) as {
      server: string;
      kubeconfig: string;
    };
    return { server, kubeconfig, pid: running.child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw new Error(
      `The embedded cluster did not start: ${error}\n${running.errors()}`,
    );
  }
}
