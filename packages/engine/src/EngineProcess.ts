import { processIdentity } from './cluster/processIdentity';
import type { EngineConfig } from './config/EngineConfig';
import type { Logger } from './config/Logger';
import { allControllers } from './controllers/allControllers';
import { ClusterEngine, type ClusterState } from './controllers/ClusterEngine';
import type { Controller } from './controllers/Controller';

/** What the engine tells the process that started it. @public */
export type EngineMessage =
  | { type: 'ready' }
  | ({ type: 'cluster'; name: string } & ClusterState);

/**
 * Runs the engine for all clusters of a configuration until the signal is
 * aborted. None of them waits for another.
 * @public
 */
export async function runEngine(
  config: EngineConfig,
  options: {
    version: string;
    logger: Logger;
    signal: AbortSignal;
    onMessage(message: EngineMessage): void;
    /** What runs in each cluster; all controllers when absent. */
    controllers?: () => Controller[];
  },
): Promise<void> {
  const identity = processIdentity();
  const running = config.clusters.map(connection =>
    new ClusterEngine({
      connection,
      config,
      identity,
      version: options.version,
      logger: options.logger,
      controllers: options.controllers ?? allControllers,
      onState: state =>
        options.onMessage({ type: 'cluster', name: connection.name, ...state }),
    }).run(options.signal),
  );
  options.onMessage({ type: 'ready' });
  await Promise.all(running);
}
