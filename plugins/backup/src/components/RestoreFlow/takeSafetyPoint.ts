import type {
  BackupApi,
  EntityOnCluster,
  RecoveryPoint,
} from '@lifeboat/backstage-plugin-backup-common';
import { isActive } from '../../hooks/activeRuns';

/** The server does not take older ones. */
const longestMs = 15 * 60_000;
const pauseMs = 1_000;

/** The safety point did not become complete; nothing was restored. */
export class SafetyPointError extends Error {
  constructor(readonly point: RecoveryPoint) {
    super(point.reason ?? point.phase);
    this.name = 'SafetyPointError';
  }
}

/**
 * Makes a recovery point of the present state and waits until it is complete.
 * The browser waits, not one long request, which proxies would cut off.
 *
 * @param options - `note` is kept on the point; `onMade` hears once that there is one, `onProgress` how far it is; `signal` ends the waiting
 * @throws SafetyPointError when it ends otherwise, or does not end in time; what the API throws; the signal's reason
 */
export async function takeSafetyPoint(
  api: BackupApi,
  entity: EntityOnCluster,
  options: {
    note: string;
    onMade: (point: RecoveryPoint) => void;
    onProgress: (point: RecoveryPoint) => void;
    signal: AbortSignal;
  },
): Promise<RecoveryPoint> {
  const { note, onMade, onProgress, signal } = options;
  let point = await api.createRecoveryPoint(entity, { note }, { signal });
  onMade(point);
  onProgress(point);
  const until = Date.now() + longestMs;
  while (isActive(point) && Date.now() < until) {
    await pause(signal);
    point = await api.getRecoveryPoint(entity, point.name, { signal });
    onProgress(point);
  }
  if (point.state !== 'done') {
    throw new SafetyPointError(point);
  }
  return point;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) {
      stop();
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, pauseMs);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        stop();
      },
      { once: true },
    );
  });
}
