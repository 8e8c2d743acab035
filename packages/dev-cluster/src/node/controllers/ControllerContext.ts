import { InformerSet } from '../api/InformerSet';
import { KubeClient } from '../api/KubeClient';
import { ReconcileQueue, ReconcileResult } from '../api/ReconcileQueue';

/** What every controller works with. */
export interface ControllerContext {
  client: KubeClient;
  informers: InformerSet;
  signal: AbortSignal;
  log: (line: string) => void;
  now: () => Date;
}

/** A controller that has subscribed to its informers; `start` lets it work once they are filled. */
export interface Controller {
  start(): void;
}

export function queueFor(
  context: ControllerContext,
  name: string,
  reconcile: (key: string) => Promise<ReconcileResult>,
  concurrency?: number,
): ReconcileQueue {
  return new ReconcileQueue(name, reconcile, {
    signal: context.signal,
    log: context.log,
    concurrency,
  });
}
