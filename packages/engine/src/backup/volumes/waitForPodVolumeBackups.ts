import type { PodVolumeBackup } from '@lifeboat/velero-api';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { veleroTypes } from '../../cluster/knownTypes';
import { isEnded } from './operations';

const lookAgainMs = 1_000;

/**
 * Waits until PodVolumeBackups have ended, however they did, or the time is over: what came of them is told later.
 *
 * @throws the signal's reason
 */
export async function waitForPodVolumeBackups(
  names: string[],
  options: {
    client: ClusterClient;
    clock: Clock;
    signal: AbortSignal;
    namespace: string;
    timeoutMs: number;
  },
): Promise<void> {
  const { client, clock, signal, namespace, timeoutMs } = options;
  const until = clock.monotonic() + timeoutMs;
  let waiting = names;
  while (waiting.length > 0 && clock.monotonic() < until) {
    const open: string[] = [];
    for (const name of waiting) {
      const found = await client.get<PodVolumeBackup>(
        veleroTypes.podVolumeBackups,
        { namespace, name },
        { signal },
      );
      if (found && !isEnded(found)) {
        open.push(name);
      }
    }
    waiting = open;
    if (waiting.length > 0) {
      await clock.sleep(lookAgainMs, signal);
    }
  }
}
