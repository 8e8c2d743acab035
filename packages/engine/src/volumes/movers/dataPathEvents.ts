import { coreTypes } from '../../cluster/knownTypes';
import type { ApiObject } from '../../cluster/KubernetesObject';
import { rfc3339 } from '../../controllers/rfc3339';
import type { ControllerContext } from '../../controllers/Controller';
import type { DataPathObject } from './DataPathObject';

/** Reasons of events on resources that move data (Velero: data path events). */
export type DataPathEventReason =
  | 'Data-Path-Started'
  | 'Data-Path-Completed'
  | 'Data-Path-Failed'
  | 'Data-Path-Canceling'
  | 'Data-Path-Canceled';

interface KubernetesEvent extends ApiObject {
  [field: string]: unknown;
}

/** Tells of a step in `kubectl describe`. Events are for people: one that is lost or refused stops nothing. */
export async function tellEvent(
  owner: DataPathObject,
  reason: DataPathEventReason,
  message: string,
  { client, clock, namespace, logger, signal }: ControllerContext,
): Promise<void> {
  const now = clock.now();
  const { name = '', uid } = owner.metadata;
  try {
    await client.create<KubernetesEvent>(
      coreTypes.events,
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          namespace,
          name: `${name}.${now.toString(16)}.${reason
            .replace('Data-Path-', '')
            .toLowerCase()}`,
        },
        involvedObject: {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          namespace: owner.metadata.namespace,
          name,
          uid,
        },
        reason,
        message: message.slice(0, 1024),
        type: reason === 'Data-Path-Failed' ? 'Warning' : 'Normal',
        source: { component: 'lifeboat-engine' },
        firstTimestamp: rfc3339(now),
        lastTimestamp: rfc3339(now),
        count: 1,
      },
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    logger.debug(
      { reason, error: (error as Error).message },
      'An event was not written',
    );
  }
}
