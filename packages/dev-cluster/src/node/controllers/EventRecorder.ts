import { createHash } from 'node:crypto';
import { Resource, ResourceType } from '../api/Resource';
import { isNotFound, KubeError } from '../api/KubeClient';
import { ControllerContext } from './ControllerContext';

const events: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
};

type Event = Resource & { count?: number };

/** Writes events about objects; the same event again is counted up. */
export class EventRecorder {
  constructor(
    private readonly context: Pick<
      ControllerContext,
      'client' | 'log' | 'now' | 'signal'
    >,
    private readonly component: string,
  ) {}

  /** Never fails: who cannot write an event goes on without. */
  async record(
    object: Resource,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): Promise<void> {
    const { client, now, signal, log } = this.context;
    const {
      namespace = 'default',
      name,
      uid,
      resourceVersion,
    } = object.metadata;
    const time = now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const suffix = createHash('sha256')
      .update([uid, type, reason, message].join('\0'))
      .digest('hex')
      .slice(0, 16);
    const eventName = `${name.slice(0, 200)}.${suffix}`;
    try {
      const known = await client.find<Event>(events, namespace, eventName);
      if (known) {
        await client.patch(events, namespace, eventName, {
          count: (known.count ?? 1) + 1,
          lastTimestamp: time,
        });
        return;
      }
      await client.create(events, namespace, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: eventName, namespace },
        involvedObject: {
          apiVersion: object.apiVersion,
          kind: object.kind,
          namespace: object.metadata.namespace,
          name,
          uid,
          resourceVersion,
        },
        type,
        reason,
        message: message.slice(0, 1024),
        count: 1,
        firstTimestamp: time,
        lastTimestamp: time,
        source: { component: this.component },
      });
    } catch (error) {
      const expected =
        signal.aborted ||
        isNotFound(error) ||
        (error instanceof KubeError && [403, 409].includes(error.code));
      if (!expected) log(`event of ${name}: ${(error as Error).message}`);
    }
  }
}
