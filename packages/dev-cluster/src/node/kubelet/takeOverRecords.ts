import { ContainerState, Pod } from '../controllers/Workload';
import { ContainerRecord } from './podStatus';

/** The state of a container whose process ended with its node. */
function lostState(startedAt: string, now: string): ContainerState {
  return {
    terminated: {
      exitCode: 137,
      reason: 'Error',
      signal: 9,
      startedAt,
      finishedAt: now,
    },
  };
}

/**
 * Lets the records of a pod go on where its status ends: what an earlier kubelet ran has died with it. Returns whether the
 * pod has ended by that, as with restart policy Never.
 */
export function takeOverRecords(
  { spec, status }: Pod,
  records: ContainerRecord[],
  now: string,
): boolean {
  const known = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  const pairs = records.map(record => ({
    record,
    before: known.find(each => each.name === record.container.name),
  }));
  const lost = pairs.some(({ before }) => before?.state.running);
  const ended = lost && spec?.restartPolicy === 'Never';
  for (const { record, before } of pairs) {
    const startedAt = before?.state.running?.startedAt;
    record.restartCount = before?.restartCount ?? 0;
    if (ended) {
      record.containerId = before?.containerID;
      record.state = before?.state.terminated
        ? before.state
        : lostState(startedAt ?? now, now);
    } else if (startedAt) {
      record.lastState = lostState(startedAt, now);
      record.restartCount += 1;
    }
  }
  return ended;
}
