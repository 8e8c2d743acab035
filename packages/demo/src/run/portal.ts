import { waitUntil } from '../cluster/waitUntil';
import { ManagedProcess } from './ManagedProcess';

const START_TIMEOUT_MS = 120_000;

export interface PortalOptions {
  /** Folder packages/backend. */
  backend: string;
  configFiles: string[];
  port: number;
  kubeconfig: string;
  logFile: string;
  signal: AbortSignal;
}

/**
 * Starts the portal's backend from source and waits until it is ready.
 *
 * @throws with the end of its log when it does not start.
 */
export async function startPortal(
  options: PortalOptions,
): Promise<ManagedProcess> {
  const portal = new ManagedProcess({
    name: 'the portal',
    args: [
      '--no-node-snapshot',
      '--require',
      '@backstage/cli/config/nodeTransform.cjs',
      'src/index.ts',
      ...options.configFiles.flatMap(file => ['--config', file]),
    ],
    cwd: options.backend,
    env: {
      ...process.env,
      NODE_ENV: process.env.NODE_ENV ?? 'development',
      LIFEBOAT_DEMO_KUBECONFIG: options.kubeconfig,
      LIFEBOAT_DEMO_PORT: String(options.port),
    },
    logFile: options.logFile,
  });
  try {
    await Promise.race([isReady(options), portal.failure()]);
  } catch (error) {
    await portal.stop();
    throw error;
  }
  return portal;
}

async function isReady({ port, signal }: PortalOptions): Promise<void> {
  const url = `http://127.0.0.1:${port}/.backstage/health/v1/readiness`;
  await waitUntil(
    'the portal to be ready',
    async () => {
      try {
        const response = await fetch(url, {
          signal: AbortSignal.timeout(3_000),
        });
        return response.ok || undefined;
      } catch {
        return undefined;
      }
    },
    { timeoutMs: START_TIMEOUT_MS, signal },
  );
}
