import { ApiContext } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import { forbiddenValue, invalidOption, StatusError } from '../StatusError';
import { JsonObject } from '../json';
import { apiVersionOf, ResourceType } from '../resources/ResourceType';
import { toServed } from '../convert/versions';
import { Change } from '../storage/ObjectStorage';
import { selection } from './listObjects';

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: JsonObject;
}

export interface WatchOptions {
  bookmarks: boolean;
  onEvent(event: WatchEvent): void;
}

export interface Watch {
  /** Sends a bookmark with the present revision, to clients that asked for them. */
  bookmark(): void;
  stop(): void;
}

/**
 * WATCH: the present objects first where the client names no version, then every change. A version that is too old
 * ends in one ERROR event with Status 410, as the real server answers.
 */
export function watchObjects(
  context: ApiContext,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
  { bookmarks, onEvent }: WatchOptions,
): Watch {
  const chosen = selection(type, namespace, query);
  const asked = query.get('resourceVersion') ?? '';
  if (asked && !/^\d+$/.test(asked)) {
    // The real server has no better answer to this either.
    throw new StatusError(
      500,
      '',
      `resourceVersion: Invalid value: ${JSON.stringify(asked)}`,
    );
  }
  const initialEvents = query.get('sendInitialEvents') === 'true';
  checkInitialEvents(query);
  const send = (kind: WatchEvent['type'], object: KubeObject) =>
    onEvent({ type: kind, object });
  const onChange = (change: Change) => {
    const event = seenBy(type, chosen, change);
    if (event) send(event.type, event.object);
  };
  const bookmark = (annotations?: { [name: string]: string }): KubeObject => ({
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(context.storage.revision),
      ...(annotations ? { annotations } : {}),
    } as KubeObject['metadata'],
  });
  const fromNow =
    initialEvents ||
    ((asked === '' || asked === '0') &&
      query.get('sendInitialEvents') !== 'false');
  let stop: () => void = () => {};
  try {
    if (fromNow) {
      for (const stored of context.storage.list(type.collection)) {
        const object = toServed(type, stored);
        if (chosen(object)) send('ADDED', object);
      }
      if (initialEvents && bookmarks) {
        send('BOOKMARK', bookmark({ 'k8s.io/initial-events-end': 'true' }));
      }
    }
    stop = context.storage.watch(
      type.collection,
      fromNow || asked === '' || asked === '0'
        ? context.storage.revision
        : Number(asked),
      onChange,
    );
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    onEvent({ type: 'ERROR', object: error.toStatus() });
  }
  return {
    stop,
    bookmark: () => {
      if (bookmarks) send('BOOKMARK', bookmark());
    },
  };
}

function checkInitialEvents(query: URLSearchParams) {
  const asked = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch');
  const problem =
    (asked === null &&
      match &&
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided') ||
    (asked !== null &&
      match !== 'NotOlderThan' &&
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (problem) {
    throw invalidOption(
      'ListOptions',
      forbiddenValue('resourceVersionMatch', problem),
    );
  }
}

/** A change as somebody sees it whose selectors may begin or cease to match. */
function seenBy(
  type: ResourceType,
  chosen: (object: KubeObject) => boolean,
  change: Change,
): { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject } | undefined {
  const object = toServed(type, change.object);
  const matches = change.type !== 'DELETED' && chosen(object);
  const previous = change.previous && toServed(type, change.previous);
  const matched = previous !== undefined && chosen(previous);
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object };
  if (!matched) return undefined;
  return {
    type: 'DELETED',
    object:
      change.type === 'DELETED'
        ? object
        : {
            ...previous,
            metadata: {
              ...previous.metadata,
              resourceVersion: String(change.revision),
            },
          },
  };
}
