import path from 'node:path';
import { root, startProcess, type BackgroundProcess } from './childProcess';
import { firstLine } from './firstLine';

const bundle = path.join(root, 'packages/dev-cluster/assets/dev-cluster.cjs');

/**
 * Runs the controllers of the embedded cluster against an API server that has none: namespaces terminate, dependents of
 * owners are collected, workloads get their ReplicaSets and pods, every namespace its default ServiceAccount.
 */
export async function startControllers(
  kubeconfig: string,
): Promise<BackgroundProcess> {
  const running = startProcess(process.execPath, [
    bundle,
    '--controllers-only',
    '--kubeconfig',
    kubeconfig,
  ]);
  try {
    await firstLine(running, 60_000);
    return running;
  } catch (error) {
    await running.stop();
    throw new Error(
      `The controllers did not start: ${error}\n${running.errors()}`,
    );
  }
}
