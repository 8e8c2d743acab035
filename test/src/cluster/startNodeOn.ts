import path from 'node:path';
import { root, startProcess, type BackgroundProcess } from './childProcess';
import { firstLine } from './firstLine';

const bundle = path.join(root, 'packages/dev-cluster/assets/dev-cluster.cjs');

/**
 * Runs the embedded cluster's node against an API server that has neither nodes nor controllers: pods run as processes,
 * with volumes, snapshots and every controller. The server must not have other controllers (`withoutControllers`).
 *
 * @param options - `kubeletClientCertificate`: what the API server shows to kubelets (for logs and commands)
 */
export async function startNodeOn(
  kubeconfig: string,
  options: {
    runtimes?: string;
    volumes?: string;
    kubeletClientCertificate?: string;
  } = {},
): Promise<BackgroundProcess> {
  const given = (name: string, value: string | undefined) =>
    value === undefined ? [] : [name, value];
  const running = startProcess(process.execPath, [
    bundle,
    '--node-only',
    '--kubeconfig',
    kubeconfig,
    ...given('--runtimes', options.runtimes),
    ...given('--volumes', options.volumes),
    ...given('--kubelet-client-certificate', options.kubeletClientCertificate),
  ]);
  try {
    await firstLine(running, 60_000);
    return running;
  } catch (error) {
    await running.stop();
    throw new Error(`The node did not start: ${error}\n${running.errors()}`);
  }
}
